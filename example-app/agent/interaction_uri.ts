/**
 * The `interaction_uri` of an answer, if the agent may show it to a person: https, without a fragment, at the host of the issuer.
 * This compares hosts and not origins, because the demo's confirmation page has a port of its own.
 */
export function interactionUri(uri: unknown, issuer: string): string | undefined {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return undefined
  const { protocol, hostname, hash } = new URL(uri)
  const trusted = protocol === 'https:' && hash === '' && hostname === new URL(issuer).hostname
  return trusted ? uri : undefined
}
