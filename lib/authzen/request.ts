/*
 * AuthZEN Profile for OAuth 2.0 Token Issuance, "Forming the Evaluation Request": the request for tokens, from what `defer` and
 * `reconsider` get.
 */
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Binding, DeferRequest, Deferral, JsonObject } from '../index.js'
import type { LimitedRefresh } from '../protocol/limited_refresh.js'
import type { Entity, Evaluation, IssuanceRequest } from './evaluation.js'
import type { AuthzenSettings } from './options.js'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** Short names of grant types that the profile registers, beside those that are short already. */
const grants: Record<string, string> = {
  [exchange]: 'token_exchange',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'jwt_bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer': 'saml2_bearer',
}

/** Whether this grant type is token exchange, which has an error of its own for a denied target. */
export function isExchange(grantType: string | undefined): boolean {
  return grantType === exchange
}

/** The request that `defer` decides about. */
export async function requested(
  ctx: KoaContextWithOIDC,
  { client, account, grantType, scope, resource, authorizationDetails = [] }: DeferRequest,
  settings: AuthzenSettings,
): Promise<IssuanceRequest> {
  const { ClientCredentials: token } = ctx.oidc.entities
  // the host has dropped the scopes that the client may not have there
  const granted = token?.scope === undefined ? undefined : token.scope.split(' ')
  return {
    subject: await subjectOf(ctx, client, account?.accountId, settings),
    clientId: client.clientId,
    grant: grantOf(grantType),
    scope: [...scope].filter((name) => granted?.includes(name) ?? true),
    targets: resource.length > 0 ? resource : [ctx.oidc.issuer],
    authorizationDetails,
    context: { client_id: client.clientId, ...factsOf(sourceOf(ctx)), ...confirmationOf(keyOf(ctx)) },
  }
}

/** The request of an approved deferral, with the rights of its decision. */
export async function approvedRequest(
  ctx: KoaContextWithOIDC,
  deferral: Deferral,
  settings: AuthzenSettings,
): Promise<IssuanceRequest> {
  const { clientId, accountId, grantType, decision } = deferral
  const resource = decision?.resource ?? deferral.resource
  return {
    subject: await subjectOf(ctx, ctx.oidc.client as Client, accountId, settings),
    clientId,
    grant: grantOf(grantType),
    scope: decision?.scope ?? deferral.scope,
    targets: resource.length > 0 ? resource : [ctx.oidc.issuer],
    authorizationDetails: decision?.authorizationDetails ?? deferral.authorizationDetails ?? [],
    context: { client_id: clientId },
  }
}

/**
 * The request of a client that refreshes its tokens. What was asked at redemption is asked again. Throws `invalid_target` if the
 * refresh token has none of the resources: the host checks this only after it has consumed the token. Of several the host chooses one.
 */
export async function refreshRequest(
  ctx: KoaContextWithOIDC,
  { token, binding }: LimitedRefresh,
  settings: AuthzenSettings,
): Promise<IssuanceRequest> {
  const { params = {}, requestParamScopes, issuer } = ctx.oidc
  const client = ctx.oidc.client as Client
  const { accountId, gty, scope = '', rar = [] } = token
  const granted = [token.resource || []].flat()
  const wanted = [params.resource || granted].flat().map(String)
  const resource = wanted.filter((target) => granted.includes(target))
  if (wanted.length > 0 && resource.length === 0) throw new errors.InvalidTarget()
  return {
    subject: await subjectOf(ctx, client, accountId, settings),
    clientId: client.clientId,
    // the host appends `refresh_token` when it rotates
    grant: grantOf(gty?.split(' ')[0]),
    scope: params.scope ? [...requestParamScopes] : scope.split(' ').filter(Boolean),
    targets: resource.length > 0 ? resource : [issuer],
    // all of them, also if the client has sent a part
    authorizationDetails: rar as object[] as JsonObject[],
    context: { client_id: client.clientId, ...factsOf(token), ...confirmationOf(binding) },
  }
}

/** The questions about a request. Throws the error of the parameter that asks for too much. */
export function questionsOf(request: IssuanceRequest, { mapping, maxEvaluations }: AuthzenSettings): Evaluation[] {
  const questions = mapping(request)
  if (!Array.isArray(questions) || questions.length === 0) throw new TypeError('authzen: mapping must return questions')
  if (questions.length <= maxEvaluations) return questions
  const isDetailed = questions.some(({ about }) => about && 'detail' in about)
  const problem = 'the request asks for too much at once'
  throw isDetailed
    ? new errors.InvalidAuthorizationDetails(problem)
    : new errors.InvalidScope(problem, request.scope.join(' '))
}

async function subjectOf(
  ctx: KoaContextWithOIDC,
  client: Client,
  accountId: string | undefined,
  { pairwiseIdentifier }: AuthzenSettings,
): Promise<Entity> {
  if (accountId === undefined) return { type: 'client', id: client.clientId }
  if (client.subjectType !== 'pairwise') return { type: 'user', id: accountId }
  if (!pairwiseIdentifier)
    throw new TypeError('authzen: pairwiseIdentifier must be set for clients with pairwise subjects')
  return { type: 'user', id: await pairwiseIdentifier(ctx, accountId, client) }
}

function grantOf(grantType = 'authorization_code'): string {
  const name = Object.hasOwn(grants, grantType) ? grants[grantType] : grantType.split(':').at(-1)
  return (name ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 21)
}

// the context never has a handle, a token or a verifier
function sourceOf({ oidc }: KoaContextWithOIDC): object | undefined {
  const { AuthorizationCode, DeviceCode, BackchannelAuthenticationRequest } = oidc.entities
  return AuthorizationCode ?? DeviceCode ?? BackchannelAuthenticationRequest ?? oidc.session
}

function keyOf({ oidc }: KoaContextWithOIDC): Binding {
  const { AccessToken, ClientCredentials } = oidc.entities
  const { jkt, 'x5t#S256': x5t } = (AccessToken ?? ClientCredentials ?? {}) as { jkt?: string; 'x5t#S256'?: string }
  return { ...(jkt !== undefined && { jkt }), ...(x5t !== undefined && { x5t }) }
}

function confirmationOf({ jkt, x5t }: Binding): JsonObject {
  const cnf = { ...(jkt !== undefined && { jkt }), ...(x5t !== undefined && { 'x5t#S256': x5t }) }
  return Object.keys(cnf).length > 0 ? { cnf } : {}
}

// a session has a method with the name that a code has as a member
function factsOf(source: object | undefined): JsonObject {
  const { acr, amr, authTime, loginTs } = (source ?? {}) as Record<string, unknown>
  const time = typeof authTime === 'number' ? authTime : loginTs
  return {
    ...(typeof acr === 'string' && { acr }),
    ...(Array.isArray(amr) && { amr: amr.map(String) }),
    ...(typeof time === 'number' && { auth_time: time }),
  }
}
