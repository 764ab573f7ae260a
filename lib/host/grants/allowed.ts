import type { Client } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import type { Internals } from '../seams.js'

/** Whether a client may be given this, by the rules of the host's authorization endpoint. */
export function isAllowed(
  client: Client,
  { configuration }: Internals,
  { scope, authorizationDetails = [] }: { scope: string[]; authorizationDetails: JsonObject[] | undefined },
): boolean {
  const scopes = client.scope === undefined ? undefined : new Set(client.scope.split(' '))
  const types = client.authorizationDetailsTypes as string[] | undefined
  const isScopeAllowed = scope.every((one) => !scopes || scopes.has(one) || !configuration.scopes.has(one))
  return isScopeAllowed && authorizationDetails.every(({ type }) => !types || types.includes(type as string))
}
