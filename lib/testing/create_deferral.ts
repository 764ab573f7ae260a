import type { Client, Provider } from 'oidc-provider'
import type { Deferral, Interaction, JsonObject, Profile } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { type HandleKind, newHandle, newId } from '../deferral/handle.js'
import { checkMembers, refuseUnknown } from '../deferral/shape.js'
import { epochTime } from '../host/epoch_time.js'
import { sourceOf } from '../host/grants/authorization_code.js'
import { plainSource } from '../host/nesting.js'
import { endpointOf } from '../notification/endpoint.js'
import { type Plugin, pluginOf } from '../plugin.js'
import { reviewMembers } from '../protocol/ask_defer.js'
import { requestOf } from '../protocol/request_of_source.js'
import { namesOf } from './names_of.js'

/** A request that waits. Every member but `clientId` has a default. */
export interface TestDeferral {
  /** a client of the provider */
  clientId: string
  /** `oauth`, unless it says `openid` */
  profile?: Profile
  /** who has signed in; without an account it is a request of `client_credentials`. The openid profile has `user` */
  accountId?: string
  /** `openid`, where there is an account */
  scope?: readonly string[]
  resource?: readonly string[]
  authorizationDetails?: readonly JsonObject[]
  /** the `claims` parameter of the request */
  claims?: JsonObject
  nonce?: string
  /** evidence for reviewers */
  context?: JsonObject
  /** whose work it is: the name of a queue */
  queue?: string
  /** one line for a list of deferrals */
  title?: string
  /** seconds until it should be decided */
  dueIn?: number
  /** how many people have to approve */
  quorum?: number
  /** oauth profile: polls are answered `interaction_required` */
  interaction?: Interaction
  /** seconds between polls; the option of the provider */
  interval?: number
  /** seconds until it expires; the option of the provider */
  expiresIn?: number
  /** the bearer token of the notification, for a client with an endpoint */
  notificationToken?: string
}

/** A deferral as a reviewer sees it, and the handle with which its client polls. */
export interface CreatedDeferral {
  id: string
  /** `deferred_auth_id` of the openid profile, `deferral_code` of the oauth profile */
  handle: string
  deferral: Deferral
}

const handleKinds = { openid: 'deferred_auth_id', oauth: 'deferral_code' } as const satisfies Record<
  Profile,
  HandleKind
>

/**
 * Creates a pending deferral without HTTP: as if the client had asked, the end-user had signed in and consented, and the handle
 * had been given out. Reviewers decide it as any other, and polls with its handle get real tokens.
 *
 * ```ts
 * const { id, handle } = await createDeferral(provider, { clientId: 'bank', accountId: 'alice', scope: ['openid', 'payments'] })
 * await provider.deferrals.approve(id)
 * ```
 *
 * Rejects with a `TypeError` for an unknown client, for a wrong member, and for a provider without the plugin.
 */
export async function createDeferral(provider: Provider, request: TestDeferral): Promise<CreatedDeferral> {
  const plugin = pluginOf(provider)
  if (!plugin) throw new TypeError('createDeferral: the provider has no features.deferredTokenResponse')
  assertRequest(request)
  const client = await provider.Client.find(request.clientId)
  if (!client) throw new TypeError(`createDeferral: the provider has no client ${request.clientId}`)
  const { profile = 'oauth', context = {}, interaction, claims } = request
  const { interval = plugin.settings.interval, expiresIn = plugin.settings.ttl.deferral } = request
  const accountId = request.accountId ?? (profile === 'openid' ? 'user' : undefined)
  const review = checkMembers(reviewMembers, request, 'createDeferral:')
  const source = await (accountId === undefined
    ? clientSource(request)
    : accountSource(provider, client, { ...request, accountId }))
  const id = newId()
  const { handle, hash } = newHandle(handleKinds[profile], id)
  const record = await plugin.records.create({
    id,
    profile,
    ...requestOf(source),
    ...(profile === 'oauth' && { grantType: accountId === undefined ? 'client_credentials' : 'authorization_code' }),
    ...(claims && { claims }),
    context,
    ...(interaction && { interaction }),
    ...review,
    interval,
    lifetime: expiresIn,
    expiresIn,
    handleHash: hash,
    binding: {},
    ...(await sealingFor(plugin, client, { id, handle, token: request.notificationToken })),
    source,
  })
  if (!record) throw new Error('a deferral with this id exists')
  return { id, handle, deferral: describe(record) }
}

const members = namesOf<TestDeferral>({
  clientId: true,
  profile: true,
  accountId: true,
  scope: true,
  resource: true,
  authorizationDetails: true,
  claims: true,
  nonce: true,
  context: true,
  queue: true,
  title: true,
  dueIn: true,
  quorum: true,
  interaction: true,
  interval: true,
  expiresIn: true,
  notificationToken: true,
})

function assertRequest(request: TestDeferral): void {
  refuseUnknown(request, members, 'createDeferral:')
  const { profile = 'oauth', interval = 1, expiresIn = 1, scope = [] } = request
  if (!Object.hasOwn(handleKinds, profile)) throw new TypeError('createDeferral: profile must be "openid" or "oauth"')
  if (!(interval > 0) || !(expiresIn > 0)) {
    throw new TypeError('createDeferral: interval and expiresIn must be numbers of seconds, more than 0')
  }
  if (!Array.isArray(scope)) throw new TypeError('createDeferral: scope must be a list of strings')
}

/** What a request of `client_credentials` would have left. */
function clientSource({ clientId, scope, resource, authorizationDetails }: TestDeferral): JsonObject {
  return plainSource({
    clientId,
    ...(scope?.length && { scope: scope.join(' ') }),
    ...(resource?.length && { resource: oneOrMany(resource) }),
    ...(authorizationDetails && { rar: authorizationDetails }),
    params: {},
  })
}

type WithAccount = TestDeferral & { accountId: string }

/** What an authorization code would have held, for an end-user who consents to everything. */
async function accountSource(provider: Provider, client: Client, request: WithAccount): Promise<JsonObject> {
  const { accountId, resource, authorizationDetails, claims, nonce } = request
  const scope = (request.scope ?? ['openid']).join(' ')
  const members: object = {
    accountId,
    client,
    grantId: await consent(provider, request, scope),
    authTime: epochTime(),
    scope,
    ...(client.redirectUris?.[0] !== undefined && { redirectUri: client.redirectUris[0] }),
    ...(resource?.length && { resource: oneOrMany(resource) }),
    ...(authorizationDetails && { rar: authorizationDetails }),
    ...(claims && { claims }),
    ...(nonce !== undefined && { nonce }),
  }
  const code = new provider.AuthorizationCode(members as ConstructorParameters<Provider['AuthorizationCode']>[0])
  return sourceOf(code, { isPersistent: true })
}

async function consent(provider: Provider, request: WithAccount, scope: string): Promise<string> {
  const { clientId, accountId, resource = [], authorizationDetails = [], claims = {} } = request
  const grant = new provider.Grant({ clientId, accountId })
  grant.addOIDCScope(scope)
  grant.addOIDCClaims(Object.values(claims).flatMap((members) => Object.keys(members ?? {})))
  for (const one of resource) grant.addResourceScope(one, scope)
  for (const detail of authorizationDetails) grant.addRar(detail as never)
  return grant.save()
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] as string) : values
}

async function sealingFor(
  { host, sealer }: Plugin,
  client: Client,
  { id, handle, token }: { id: string; handle: string; token: string | undefined },
) {
  if (!sealer || endpointOf(client) === undefined) return {}
  const owner = { issuer: host.provider.issuer, id, clientId: client.clientId }
  const sealed = await sealer.seal(owner, { handle, ...(token !== undefined && { token }) })
  return { sealing: { sealed, delay: 0 } }
}
