import type { Internals } from '../seams.js'

/**
 * Adds response types to the resolved configuration, which clients, requests, PAR, JAR and discovery read. No public way: the
 * constructor refuses response types that the host does not know.
 */
export function acceptResponseTypes({ configuration }: Internals, responseTypes: readonly string[]): void {
  configuration.responseTypes.push(...responseTypes)
}

/**
 * Removes the code grant that `configure` has added, so that discovery and refusals are those of a host without it. No public
 * way: the plugin needs the handler, and the host makes it only for a configuration with the response type `code`.
 */
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
