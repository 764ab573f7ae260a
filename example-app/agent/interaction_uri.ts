/**
 * A link to pass on to a person, if it can be trusted: https, no fragment, and at the host whose tokens we ask for. (The demo's
 * provider keeps the page on a port of its own, so the host is compared and not the origin.)
 */
export function interactionUri(uri: unknown, issuer: string): string | undefined {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return undefined
  const { protocol, hostname, hash } = new URL(uri)
  const trusted = protocol === 'https:' && hash === '' && hostname === new URL(issuer).hostname
  return trusted ? uri : undefined
}
