import { isDeepStrictEqual } from 'node:util'
import type { Client } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import type { Internals } from '../seams.js'

/** Whether the client may have these scopes and authorization details, by the rules of the host's authorization endpoint. */
export function isAllowed(
  client: Client,
  { configuration }: Internals,
  { scope, authorizationDetails = [] }: { scope: string[]; authorizationDetails: JsonObject[] | undefined },
): boolean {
  const scopes = client.scope === undefined ? undefined : new Set(client.scope.split(' '))
  const types = client.authorizationDetailsTypes as string[] | undefined
  const isScopeAllowed = scope.every((name) => !scopes || scopes.has(name) || !configuration.scopes.has(name))
  return isScopeAllowed && authorizationDetails.every(({ type }) => !types || types.includes(type as string))
}

/**
 * Whether two look-ups have found a client with the same metadata. The order of a list does not count. Members of `extraClientMetadata`
 * do not count either: they may change with each look-up, as the time of the last use does.
 */
export function hasSameMetadata(a: Client, b: Client, { configuration }: Internals): boolean {
  const own = new Set<string>(configuration.extraClientMetadata.properties)
  const comparable = (client: Client) =>
    Object.entries(client.metadata())
      .filter(([name]) => !own.has(name))
      .map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value])
  return a === b || isDeepStrictEqual(Object.fromEntries(comparable(a)), Object.fromEntries(comparable(b)))
}
