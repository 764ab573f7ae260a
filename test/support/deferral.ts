import type { DeferRequest, Reviewed } from 'oidc-provider-deferred'
import { oauthGrantType, redirectUri } from './clients.js'
import { created } from './created.js'
import type { TestProvider } from './provider.js'
import { type Answer, codeVerifier, type Extras, type RelyingParty } from './relying_party.js'
import { userAgent } from './user_agent.js'

type Wire = Record<string, string | string[] | undefined>

/** The host's own grants that can wait. */
export const grants = ['authorization_code', 'client_credentials'] as const
type HostGrant = (typeof grants)[number]

/** The same, by one type of client each, and by one without a secret, which needs a key. */
export const grantsOfClients = [
  ['authorization_code', 'secret'],
  ['authorization_code', 'public'],
  ['client_credentials', 'assertion'],
] as const

/** A `defer` that has everybody wait who can. */
export const whoeverCan = (_ctx: unknown, { canWait }: DeferRequest): boolean => canWait

/** What differs from the plainest token request. */
export interface Turn {
  /** authorization request, of the grant that has one */
  request?: Record<string, string | undefined>
  /** token request */
  params?: Wire
  extras?: Extras
}

/** A deferral the client polls for, what reviewers call it, and the answer that started it. */
export interface HeldDeferral {
  deferralCode: string
  id: string
  answer: Answer
  /** the authorization code, of the grant that has one */
  code?: string
}

/** Sends an end-user through the authorization endpoint until the client holds an ordinary code. */
export async function authorizationCode(rp: RelyingParty, request: Wire = {}, agent = userAgent()): Promise<string> {
  const landing = await agent.visit(rp.authorizationUrl({ response_type: 'code', ...request }))
  if (!landing.params.code) throw new Error(`no code: ${landing.status} ${landing.url} ${landing.html}`)
  return landing.params.code
}

/** The token request of a code. */
export function redeem(rp: RelyingParty, code: string, params: Wire = {}, extras: Extras = {}): Promise<Answer> {
  const verifier = rp.clientId === 'public' ? { code_verifier: codeVerifier } : {}
  return rp.token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...verifier, ...params }, extras)
}

/** A token request of this grant whose client can wait; `code` is of the grant that has one. */
export async function request(
  rp: RelyingParty,
  grant: HostGrant,
  { request: authorization, params = {}, extras = {} }: Turn = {},
): Promise<{ answer: Answer; code?: string }> {
  const opted = { completion_mode: 'deferred', ...params }
  if (grant === 'client_credentials') return { answer: await rp.token({ grant_type: grant, ...opted }, extras) }
  const code = await authorizationCode(rp, authorization)
  return { answer: await redeem(rp, code, opted, extras), code }
}

/** The same, and the provider defers. */
export async function held(
  op: TestProvider,
  rp: RelyingParty,
  grant: HostGrant,
  turn: Turn = {},
): Promise<HeldDeferral> {
  const { result, id } = await created(op, () => request(rp, grant, turn))
  const { answer, code } = result
  if (!id || !answer.body.deferral_code)
    throw new Error(`not deferred: ${answer.status} ${JSON.stringify(answer.body)}`)
  return { deferralCode: answer.body.deferral_code, id, answer, ...(code !== undefined && { code }) }
}

/** A poll of the working group's draft. */
export function pollDeferral(rp: RelyingParty, deferralCode: string, params: Wire = {}, extras: Extras = {}) {
  return rp.token({ grant_type: oauthGrantType, deferral_code: deferralCode, ...params }, extras)
}

/** A revocation of whatever is held. */
export function revoke(rp: RelyingParty, token: string, params: Wire = {}, extras: Extras = {}) {
  return rp.post('/token/revocation', { token, ...params }, extras)
}

/** A deferral without what a sweep may write at any moment after the expiry. */
export function apartFromSweeps(deferral: Partial<Reviewed> | undefined): object {
  const { expiredAt, history = [], ...rest } = deferral ?? {}
  return { ...rest, history: history.filter(({ event }) => event !== 'expired') }
}
