/*
 * OAuth 2.0, "Authorization Response": a code that is used again is a theft signal. The tokens or the deferral that it led to end
 * (C-I17). The deferral shows the second use: its id is a hash of the code, and its source has what the code was bound to.
 */
import { hash } from 'node:crypto'
import { type AuthorizationCode, errors } from 'oidc-provider'
import type { Cancellation } from '../../deferral/store.js'
import { type Context, clientOf, paramsOf } from '../../host/context.js'
import { senderKey } from '../../host/grants/sender_key.js'
import { revokeIssued } from '../../host/grants/standing_grant.js'
import { codeUse } from '../../host/request/code_use.js'
import type { Plugin } from '../../plugin.js'
import { cancelDeferral } from '../cancel_deferral.js'
import { mayPoll } from './completion_mode.js'

/** What a code is bound to, as the host keeps it in the code, and the plugin in the source of its deferral. */
type Bound = Partial<
  Pick<
    AuthorizationCode,
    'clientId' | 'redirectUri' | 'codeChallenge' | 'codeChallengeMethod' | 'dpopJkt' | 'attestationJkt'
  >
>

/**
 * Ends what the code of a refused request led to, if this is a second use of it. Costs one read, and nothing for clients that
 * cannot poll.
 */
export async function endIfReused(ctx: Context, plugin: Plugin, id: string, refusal: unknown): Promise<void> {
  const use = codeUse(ctx)
  // without a use the host has not verified the DPoP proof of this request
  if (!(refusal instanceof errors.InvalidGrant) || !use || use.isConsumer || !mayPoll(ctx)) return
  // a code that is there and unused has led to nothing
  if (use.code && !use.isSpent) return
  const deferral = await plugin.records.find(id)
  if (deferral) {
    if (await isRightful(ctx, plugin, deferral.source)) await endReplayed(plugin, id)
    return
  }
  // the request that consumed the code may be about to create a deferral: that is then created cancelled
  const isEarly = use.isSpent && (await isRightful(ctx, plugin, use.code as Bound))
  if (isEarly && !(await plugin.records.cancelAhead(id))) await endReplayed(plugin, id)
}

/** Ends the deferral, and refuses the request as the host refuses a code that was used before. */
export async function refuseReplayed(plugin: Plugin, id: string, cancellation: Cancellation = {}): Promise<never> {
  await endReplayed(plugin, id, cancellation)
  throw new errors.InvalidGrant('authorization code already consumed')
}

async function endReplayed(plugin: Plugin, id: string, cancellation: Cancellation = {}): Promise<void> {
  if (await cancelDeferral(plugin, id, cancellation)) return
  const deferral = await plugin.records.find(id)
  // the host revokes these tokens only while it still knows the code
  if (deferral?.status === 'redeemed' && deferral.grantId) await revokeIssued(plugin.host.provider, deferral.grantId)
}

/** Whether this request could have redeemed the code: an attacker who only saw the code in a URL must not end anything. */
async function isRightful(ctx: Context, { host }: Plugin, bound: Bound): Promise<boolean> {
  const client = clientOf(ctx)
  if (bound.clientId !== client.clientId || bound.redirectUri !== paramsOf(ctx).redirect_uri) return false
  if (!isVerified(bound, paramsOf(ctx).code_verifier)) return false
  // the request proves nothing but knowledge of the code
  if (client.clientAuthMethod === 'none' && bound.codeChallenge === undefined) return false
  try {
    const { binding } = await senderKey(ctx, host)
    const { dpopJkt = binding.jkt, attestationJkt = binding.attestationJkt } = bound
    return dpopJkt === binding.jkt && attestationJkt === binding.attestationJkt
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return false
    throw error
  }
}

// RFC 7636, section 4.6; the host has no other method
function isVerified({ codeChallenge, codeChallengeMethod }: Bound, verifier: unknown): boolean {
  if (codeChallenge === undefined || typeof verifier !== 'string') return codeChallenge === verifier
  return codeChallengeMethod === 'S256' && hash('sha256', verifier, 'base64url') === codeChallenge
}
