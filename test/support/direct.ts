import type { DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { everyWay } from './authorization.js'
import { type HeldDeferral, pollDeferral, whoeverCan } from './deferral.js'
import type { TestOptions, TestProvider } from './provider.js'
import { type Answer, codeChallenge, codeVerifier, type Extras, type RelyingParty } from './relying_party.js'
import { type Landing, type UserAgent, userAgent } from './user_agent.js'

type Params = Record<string, string | undefined>
type Wire = Record<string, string | string[] | undefined>
type OauthOptions = Exclude<NonNullable<DeferredTokenResponseOptions['profiles']>['oauth'], boolean | undefined>

/** A provider with direct deferral, on which everybody waits who can. */
export function withDirect(direct: OauthOptions['direct'] = true, { deferred, configuration }: TestOptions = {}) {
  const options = { defer: whoeverCan, ...deferred, profiles: { oauth: { direct } } }
  const features = { ...everyWay, ...configuration?.features }
  return { configuration: { ...configuration, features }, deferred: options } as TestOptions
}

/** The parameters by which a client opts in. */
export const directRequest = {
  response_type: 'code',
  completion_mode: 'deferred deferred_direct',
  code_challenge: codeChallenge,
  code_challenge_method: 'S256',
}

/** Sends an end-user with a request for direct deferral to the authorization endpoint. */
export function authorizeDirectly(
  rp: RelyingParty,
  request: Params = {},
  agent: UserAgent = userAgent(),
): Promise<Landing> {
  const key = rp.clientId === 'public' ? { dpop_jkt: rp.key?.jkt } : {}
  return agent.visit(rp.authorizationUrl({ ...directRequest, ...key, ...request }))
}

/** A deferral that nobody has polled yet. */
export async function unclaimed(rp: RelyingParty, request: Params = {}): Promise<Omit<HeldDeferral, 'answer'>> {
  const { params, status, html } = await authorizeDirectly(rp, request)
  const { deferral_code: deferralCode } = params
  if (!deferralCode) throw new Error(`not deferred: ${status} ${JSON.stringify(params)} ${html}`)
  return { deferralCode, id: deferralCode.slice(0, 22) }
}

/** The first poll, which proves the verifier. */
export function firstPoll(rp: RelyingParty, deferralCode: string, params: Wire = {}, extras: Extras = {}) {
  return pollDeferral(rp, deferralCode, { code_verifier: codeVerifier, ...params }, extras)
}

/** A deferral that its client has polled once. */
export async function claimed(op: TestProvider, rp: RelyingParty, request: Params = {}, params: Wire = {}) {
  const held = await unclaimed(rp, request)
  const answer: Answer = await firstPoll(rp, held.deferralCode, params)
  if (answer.body.error !== 'authorization_pending') throw new Error(`refused: ${JSON.stringify(answer.body)}`)
  op.clock.advance(5)
  return { ...held, answer }
}
