import { Resolver } from 'node:dns/promises'

const resolverTimeout = 1000

/** Resolves a host name to its addresses. The system's resolver is not used: four slow names would block it for the process. */
export async function resolveHost(host: string): Promise<string[]> {
  // RFC 6761, section 6.3
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
  const resolver = new Resolver({ timeout: resolverTimeout, tries: 2 })
  const results = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const [failure] = results.filter((result) => result.status === 'rejected')
  if (addresses.length === 0) throw failure?.reason
  return addresses
}

/** Checks the result of a resolver: texts, or objects with an `address`. */
export function toAddresses(result: unknown): string[] {
  const addresses = Array.isArray(result)
    ? result.map((entry) => (typeof entry === 'string' ? entry : entry?.address))
    : []
  if (Array.isArray(result) && addresses.every((address) => typeof address === 'string')) return addresses
  throw Object.assign(new TypeError('notification.resolve must return an array of addresses'), {
    code: 'RESOLVE_MUST_RETURN_AN_ARRAY_OF_ADDRESSES',
  })
}
