/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Client Metadata": where a client wants to be pinged. The working group's
 * draft uses the same name (C-X01).
 */
import { type ClientMetadata, type Configuration, errors } from 'oidc-provider'
import type { Settings } from '../options.js'
import { fail } from '../options_error.js'
import { grantType, notificationEndpoint, responseTypes } from './names.js'

type ExtraMetadata = NonNullable<Configuration['extraClientMetadata']>

/** Adds the notification endpoint to the integrator's extra client metadata. */
export function withNotificationEndpoint(configuration: Configuration, { keys }: Settings): ExtraMetadata {
  const theirs = configuration.extraClientMetadata
  const properties = theirs?.properties ?? []
  if (keys.length === 0) assertNoStaticEndpoint(configuration)
  return {
    properties: [...properties, notificationEndpoint],
    validator(ctx, key, value, metadata) {
      if (key !== notificationEndpoint) return theirs?.validator?.(ctx, key, value, metadata)
      if (ctx?.oidc) assertGrant(metadata)
      return assertEndpoint(value, keys.length > 0)
    },
  }
}

function assertNoStaticEndpoint({ clients = [] }: Configuration): void {
  const client = clients.find((metadata) => metadata[notificationEndpoint] !== undefined)
  if (client) {
    fail(
      'keys',
      `must hold a 32-byte key, client ${client.client_id} has a ${notificationEndpoint}; or remove that from it`,
    )
  }
}

// at registration only: a client that is there already is refused where it asks, as unauthorized_client
function assertGrant({ response_types: types = [], grant_types: grants = [] }: ClientMetadata): void {
  const deferrable = types.some((type) => responseTypes.includes(type))
  if (!deferrable || grants.includes(grantType)) return
  throw new errors.InvalidClientMetadata(
    `grant_types must contain '${grantType}' when deferred_code is amongst response_types`,
  )
}

function assertEndpoint(value: unknown, supported: boolean): void {
  if (value === undefined) return
  if (!supported) refuse('is not supported by this provider')
  // URL parsing mends slashes, blanks and line breaks, and what is kept is the value as it was sent
  if (typeof value !== 'string' || !/^https:\/\/(?![/?#])[^\s\\\p{Cc}]+$/iu.test(value) || !URL.canParse(value)) {
    refuse('must be an absolute https URL')
  }
  const { username, password } = new URL(value)
  if (username || password) refuse('must not contain user information')
  if (value.includes('#')) refuse('must not contain a fragment')
}

function refuse(why: string): never {
  throw new errors.InvalidClientMetadata(`${notificationEndpoint} ${why}`)
}
