import type { DeferredConfiguration } from 'oidc-provider-deferred'
import { grantType, oauthGrantType, redirectUri } from '../support/clients.js'
import { whoeverCan } from '../support/deferral.js'
import { basic, deferred, send } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

/** The client of every library: its secret needs no encoding, so that no library can encode it in another way. */
export const client = { id: 'interop', secret: 'interop-secret' }

/** What happens to the deferral that the library waits for. */
export const scenarios = {
  /** openid profile: tokens at the third poll */
  openid: { interval: 1, decideAfter: 2 },
  /** oauth profile: tokens at the third poll */
  oauth: { interval: 1, decideAfter: 2 },
  /** oauth profile: the client polls every second where it should wait four, and gets tokens after its first `slow_down` */
  slow_down: { interval: 4, decideAfter: 2 },
  /** oauth profile: the first answer and both polls are `interaction_required`, then there are tokens */
  interaction_required: { interval: 1, decideAfter: 2 },
  /** oauth profile: denied after two polls */
  access_denied: { interval: 1, decideAfter: 2 },
} as const
export type Scenario = keyof typeof scenarios

/** A provider that plays this scenario with the one deferral that its client asks for. */
export interface Stage extends TestProvider {
  /** the error of every refused poll so far, in order */
  refused: string[]
  /** the ids of the deferrals so far, in order */
  created: string[]
}

/** Starts one. Its clock is the real one, because the libraries wait in real time. */
export async function startStage(scenario: Scenario): Promise<Stage> {
  const { interval, decideAfter } = scenarios[scenario]
  const interaction = scenario === 'interaction_required' && { interaction: { uri: 'https://op.example/confirm' } }
  const op = await startProvider({
    configuration: { clients },
    clock: { now: () => new Date(), advance() {} },
    deferred: { interval, defer: (ctx, request) => whoeverCan(ctx, request) && { ...interaction } },
  })
  const refused: string[] = []
  const created: string[] = []
  op.provider.on('deferral.created', ({ id }) => created.push(id))
  op.provider.on('grant.error', async (ctx, error) => {
    const { deferred_auth_id, deferral_code } = ctx.oidc.params ?? {}
    if (deferred_auth_id === undefined && deferral_code === undefined) return
    refused.push(error.error)
    if (refused.length !== decideAfter) return
    await op.provider.deferrals[scenario === 'access_denied' ? 'deny' : 'approve'](created[0] ?? '')
  })
  return Object.assign(op, { refused, created })
}

/** Sends an end-user through the authorization endpoint; resolves to the deferred code. */
export async function deferredCode(op: Stage): Promise<string> {
  return (await deferred(op, relyingParty(op.issuer, client.id))).code
}

/** The same, and exchanges it without any library; resolves to the handle of polls. */
export async function deferredAuthId(op: Stage): Promise<string> {
  const form = { grant_type: grantType, deferred_code: await deferredCode(op) }
  return (await send(`${op.issuer}/token`, form, basic(client.id, client.secret))).body.deferred_auth_id
}

const clients: DeferredConfiguration['clients'] = [
  {
    client_id: client.id,
    client_secret: client.secret,
    redirect_uris: [redirectUri],
    grant_types: [grantType, oauthGrantType, 'authorization_code', 'client_credentials'],
    response_types: ['deferred_code', 'code'],
  },
]
