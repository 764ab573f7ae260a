import type { Internals } from '../seams.js'

/** Has clients, requests, PAR, JAR and discovery take these response types; the host's configuration refuses them. */
export function acceptResponseTypes({ configuration }: Internals, responseTypes: readonly string[]): void {
  configuration.responseTypes.push(...responseTypes)
}

/** Leaves the host without the grant that was only lent to it: discovery and refusals are again those of a host without it. */
export function removeAddedCodeGrant({
  configuration,
  grantTypeHandlers,
  grantTypeParams,
  grantTypeDupes,
}: Internals): void {
  configuration.responseTypes.splice(configuration.responseTypes.indexOf('code'), 1)
  configuration.grantTypes.delete('authorization_code')
  for (const registry of [grantTypeHandlers, grantTypeParams, grantTypeDupes]) registry.delete('authorization_code')
}
