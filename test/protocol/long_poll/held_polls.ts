import { setTimeout as after } from 'node:timers/promises'
import { grantType, oauthGrantType } from '../../support/clients.js'
import { held, pollDeferral } from '../../support/deferral.js'
import { party, waiting } from '../../support/journey.js'
import type { TestProvider } from '../../support/provider.js'
import { type Answer, type Extras, type RelyingParty, relyingParty } from '../../support/relying_party.js'

/** A pending deferral, and the polls of its client. */
export interface Pending {
  id: string
  handle: string
  rp: RelyingParty
  /** Polls at this provider, with `Prefer: wait` if there are seconds, and says how long the answer took. */
  poll(seconds?: number | string, at?: TestProvider, extras?: Extras): Promise<Answer & { took: number }>
}

export const profiles = ['openid', 'oauth'] as const
export type Profile = (typeof profiles)[number]

/** The parameters of a poll. */
export const pollParams = (profile: Profile, handle: string): Record<string, string> =>
  profile === 'openid'
    ? { grant_type: grantType, deferred_auth_id: handle }
    : { grant_type: oauthGrantType, deferral_code: handle }

/** A deferral of this profile and client. */
export async function pendingOf(op: TestProvider, profile: Profile, clientId = 'secret'): Promise<Pending> {
  const rp = await party(op, clientId)
  const { id, handle } = await (profile === 'openid' ? waiting(op, rp) : heldByCode(op, rp))
  return {
    id,
    handle,
    rp,
    async poll(seconds, at = op, extras = {}) {
      const by = at === op ? rp : relyingParty(at.origin, clientId, rp.key)
      const headers = { ...(seconds !== undefined && { prefer: `wait=${seconds}` }), ...extras.headers }
      const start = performance.now()
      const answer =
        profile === 'openid'
          ? await by.poll(handle, {}, { ...extras, headers })
          : await pollDeferral(by, handle, {}, { ...extras, headers })
      return { ...answer, took: (performance.now() - start) / 1000 }
    },
  }
}

async function heldByCode(op: TestProvider, rp: RelyingParty) {
  const { id, deferralCode } = await held(op, rp, 'authorization_code')
  return { id, handle: deferralCode }
}

/** Resolves when requests under way have reached the place where they are held. */
export const moment = () => after(300)

/** What `Preference-Applied` says. */
export const applied = ({ headers }: Answer): string | null => headers.get('preference-applied')
