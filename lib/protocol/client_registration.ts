/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Client Registration Metadata": a client registers the endpoint for its
 * notifications. OAuth 2.0 Deferred Token Response uses the same name (C-X01).
 */
import { type ClientMetadata, type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { type EgressRules, egressRules } from '../notification/egress/rules.js'
import { notificationEndpoint } from '../notification/endpoint.js'
import { fail } from '../options/option_error.js'
import type { Settings } from '../options/options.js'
import { directSettings } from '../options/profiles.js'
import { optInName } from './oauth/direct_authorization.js'
import { grantType, responseTypes } from './openid/names.js'

const unsupported = 'is not supported by this provider'

type ExtraMetadata = NonNullable<Configuration['extraClientMetadata']>

/** Adds the notification endpoint to the integrator's extra client metadata. */
export function withNotificationEndpoint(configuration: Configuration, settings: Settings): ExtraMetadata {
  const { keys, notification } = settings
  const extraMetadata = configuration.extraClientMetadata
  const properties = extraMetadata?.properties ?? []
  const rulesOf = (ctx: KoaContextWithOIDC) => egressRules(notification, ctx.oidc.provider.issuer)
  if (keys.length === 0) assertNoStaticEndpoint(configuration)
  if (settings.profiles.openid) assertStaticGrants(configuration)
  const own = directSettings(settings) ? [notificationEndpoint, optInName] : [notificationEndpoint]
  return {
    properties: [...properties, ...own],
    validator(ctx, key, value, metadata) {
      if (key === optInName && own.includes(key)) return assertOptIn(value)
      if (key !== notificationEndpoint) return extraMetadata?.validator?.(ctx, key, value, metadata)
      // no ctx: the client is registered already, and stays valid when the rules change. The delivery checks them again
      if (!ctx?.oidc) return
      assertGrant(metadata)
      const wrong = value !== undefined && (keys.length > 0 ? rulesOf(ctx).refusal(value) : unsupported)
      if (wrong) throw new errors.InvalidClientMetadata(`${notificationEndpoint} ${wrong}`)
    },
  }
}

/** Checks the notification endpoints of static clients. Throws a `TypeError` that names the client. */
export function assertStaticEndpoints(clients: readonly ClientMetadata[], rules: EgressRules): void {
  for (const { client_id: id, [notificationEndpoint]: endpoint } of clients) {
    const wrong = endpoint !== undefined && rules.refusal(endpoint)
    // on a developer's machine the endpoint may be local
    const remedy = '; change it, or set notification.ports and notification.allow'
    if (wrong) fail('notification', `cannot reach client ${id}: its ${notificationEndpoint} ${wrong}${remedy}`)
  }
}

function assertNoStaticEndpoint({ clients = [] }: Configuration): void {
  const client = clients.find((metadata) => metadata[notificationEndpoint] !== undefined)
  if (client) {
    fail(
      'keys',
      `must hold a 32-byte key, made by crypto.randomBytes(32).toString('base64url'): client ${client.client_id} has a ${notificationEndpoint}; or remove that from it`,
    )
  }
}

// the host applies clientDefaults to static clients too
function assertStaticGrants({ clients = [], clientDefaults }: Configuration): void {
  for (const client of clients) {
    const { response_types: types, grant_types: grants } = { ...clientDefaults, ...client }
    const isDeferrable = [types].flat().some((type) => String(type).split(' ').includes('deferred_code'))
    if (!isDeferrable || [grants].flat().includes(grantType)) continue
    const remedy = `add '${grantType}' to its grant_types, or remove deferred_code from its response_types`
    fail('profiles.openid', `cannot serve client ${client.client_id}: ${remedy}`)
  }
}

function assertOptIn(value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new errors.InvalidClientMetadata(`${optInName} must be true or false`)
}

// only at registration: a registered client gets unauthorized_client when it sends a request
function assertGrant({ response_types: types = [], grant_types: grants = [] }: ClientMetadata): void {
  const deferrable = types.some((type) => responseTypes.includes(type))
  if (!deferrable || grants.includes(grantType)) return
  throw new errors.InvalidClientMetadata(
    `grant_types must contain '${grantType}' when deferred_code is amongst response_types`,
  )
}
