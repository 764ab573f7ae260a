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

/** Whether two look-ups have found a client with the same metadata. */
export function hasSameMetadata(a: Client, b: Client): boolean {
  return a === b || isDeepStrictEqual(a.metadata(), b.metadata())
}
