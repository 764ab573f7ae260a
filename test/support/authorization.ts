import { createRemoteJWKSet, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { ClientMetadata } from 'oidc-provider'
import type { Deferral, DeferringClientMetadata } from 'oidc-provider-deferred'
import { expect } from 'vitest'
import { assertionKey, clients } from './clients.js'
import type { Interaction } from './interaction.js'
import { startProvider, type TestOptions, type TestProvider } from './provider.js'
import { type Answer, dpopKey, type RelyingParty, relyingParty } from './relying_party.js'
import { type Landing, type UserAgent, userAgent } from './user_agent.js'

/** The three client types of the conformance cases. */
export const clientTypes = ['secret', 'assertion', 'public']

/** The features of the host that requests and responses of every kind need. */
export const everyWay = {
  pushedAuthorizationRequests: { enabled: true },
  requestObjects: { enabled: true },
  jwtResponseModes: { enabled: true },
  claimsParameter: { enabled: true },
}

/** A test provider with all of them. */
export function startEveryWay({ configuration, ...options }: TestOptions = {}): Promise<TestProvider> {
  const features = { ...everyWay, ...configuration?.features } as NonNullable<TestOptions['configuration']>['features']
  return startProvider({ ...options, configuration: { ...configuration, features } })
}

/** The client of this type, with a DPoP key where it has no other credential. */
export async function clientOf(op: TestProvider, clientId: string): Promise<RelyingParty> {
  return relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)
}

/** The test clients, one of them changed. */
export function clientsWith(clientId: string, change: Partial<ClientMetadata>): DeferringClientMetadata[] {
  return clients.map((client) => (client.client_id === clientId ? { ...client, ...change } : client)) as typeof clients
}

type Params = Record<string, string | undefined>

/** Sends an end-user, who does as told when asked, with this request to the authorization endpoint. */
export async function authorize(
  op: TestProvider,
  rp: RelyingParty,
  params: Params = {},
  { interaction = {}, agent = userAgent() }: { interaction?: Interaction; agent?: UserAgent } = {},
): Promise<Landing> {
  op.user.interaction = interaction
  return agent.visit(rp.authorizationUrl(params))
}

/** A browser whose end-user has signed in and consented to `scope`. */
export async function signedIn(op: TestProvider, rp: RelyingParty, scope = 'openid'): Promise<UserAgent> {
  const agent = userAgent()
  const { params } = await authorize(op, rp, { response_type: 'code', scope }, { agent })
  expect(params.code).toBeDefined()
  return agent
}

/** Every deferral there is. */
export async function deferrals(op: TestProvider, cursor?: string): Promise<Deferral[]> {
  const page = await op.provider.deferrals.list({ limit: 100, ...(cursor !== undefined && { cursor }) })
  return page.cursor === undefined ? page.deferrals : [...page.deferrals, ...(await deferrals(op, page.cursor))]
}

/** The deferral a deferred code stands for: a handle starts with the id. */
export async function deferralOf(op: TestProvider, deferredCode: string | undefined): Promise<Deferral> {
  const deferral = await op.provider.deferrals.get(deferredCode?.slice(0, 22) ?? '')
  if (!deferral) throw new Error(`no deferral for ${deferredCode}`)
  return deferral
}

/** What a piece of work added to the deferrals. */
export async function added<T>(op: TestProvider, work: () => Promise<T>): Promise<{ result: T; new: Deferral[] }> {
  const before = new Set((await deferrals(op)).map(({ id }) => id))
  const result = await work()
  return { result, new: (await deferrals(op)).filter(({ id }) => !before.has(id)) }
}

/** Exchanges, approves, polls. */
export async function redeem(op: TestProvider, rp: RelyingParty, deferredCode: string): Promise<Answer> {
  const exchanged = await rp.exchange(deferredCode)
  expect(exchanged).toMatchObject({ status: 200, body: { deferred_auth_id: expect.any(String) } })
  await op.provider.deferrals.approve((await deferralOf(op, deferredCode)).id)
  return rp.poll(exchanged.body.deferred_auth_id)
}

/** Verifies what the provider signed, with the keys it publishes. */
export async function verified(op: TestProvider, jwt: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${op.issuer}/jwks`))
  return (await jwtVerify(jwt, keys, { issuer: op.issuer, audience })).payload
}

/** The members of the authorization response, whatever the response mode. */
export async function responseOf(op: TestProvider, rp: RelyingParty, landing: Landing): Promise<Params> {
  const { response } = landing.params
  return response === undefined ? landing.params : ((await verified(op, response, rp.clientId)) as Params)
}

/** A request object of the `assertion` client (RFC 9101). */
export async function requestObject(issuer: string, claims: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ iss: 'assertion', client_id: 'assertion', aud: issuer, iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'assertion', typ: 'oauth-authz-req+jwt' })
    .sign(await importJWK(assertionKey.private as never, 'ES256'))
}

/** The parameters the client would send to the authorization endpoint. */
export function requestParams(rp: RelyingParty, params: Params = {}): Record<string, string> {
  return Object.fromEntries(new URL(rp.authorizationUrl(params)).searchParams)
}

/** Pushes the request (RFC 9126); resolves to the URL to send the end-user to. */
export async function push(rp: RelyingParty, params: Params = {}): Promise<string> {
  const pushed = await rp.post('/request', requestParams(rp, params))
  expect(pushed).toMatchObject({ status: 201, body: { request_uri: expect.any(String) } })
  return pushedUrl(rp, pushed.body.request_uri)
}

/** Where the end-user is sent with a pushed request. */
export function pushedUrl(rp: RelyingParty, requestUri: string): string {
  const none = Object.fromEntries(Object.keys(requestParams(rp)).map((name) => [name, undefined]))
  return rp.authorizationUrl({ ...none, client_id: rp.clientId, request_uri: requestUri })
}
