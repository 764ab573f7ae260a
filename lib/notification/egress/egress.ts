/*
 * The only way out. A name is resolved once per attempt, and all its addresses are checked. The connection goes to one of them,
 * under the original name (I-124, I-125). Redirects are not followed (O-095, I-105). Response bodies are not read (I-126).
 */
import { isIP } from 'node:net'
import type { Dispatcher, Pool } from 'undici'
import { within } from '../deadline.js'
import { EgressDenied } from './egress_denied.js'
import { createPools } from './pools.js'
import { resolveHost, toAddresses } from './resolver.js'
import { type EgressRules, hostnameOf, portOf } from './rules.js'

const resolveSeconds = 3
const discardTimeout = 1000
const discardLimit = 1024

/** The response of a receiver. */
export interface Answer {
  status: number
  /** the header `Retry-After`, unchanged */
  retryAfter?: string
}

/** A notification to send. */
export interface Post {
  clientId: string
  /** from the client's metadata, unchecked */
  endpoint: unknown
  headers: Record<string, string>
  body: string
}

/** The guarded way out. */
export interface Egress {
  /** Rejects with `EgressDenied` before any connection is opened, or with the error of the connection. */
  post(post: Post, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

/** Where the options differ from Node.js. */
export interface EgressOptions {
  /** PEM certificates to trust */
  ca?: unknown
  /** all addresses of a host name */
  resolve?: (hostname: string) => unknown
}

/** The way out by these rules. Proxy settings of the environment have no effect. */
export function createEgress(rules: EgressRules, { ca, resolve = resolveHost }: EgressOptions): Egress {
  const pools = createPools(ca)

  async function permittedAddresses(url: URL, signal: AbortSignal): Promise<string[]> {
    const host = hostnameOf(url)
    const addresses = isIP(host) ? [host] : toAddresses(await within(resolveSeconds, () => resolve(host), signal))
    if (addresses.length === 0) throw Object.assign(new Error('name not found'), { code: 'ENOTFOUND' })
    // a single refused address among public ones is an attack as well
    const denied = addresses.find((address) => !rules.permits(address, portOf(url)))
    if (denied !== undefined) throw new EgressDenied(`resolves to ${denied}, which may not be reached`)
    return [...new Set(addresses)]
  }

  return {
    async post({ clientId, endpoint, headers, body }, signal) {
      const refusal = rules.refusal(endpoint)
      if (refusal) throw new EgressDenied(refusal)
      const url = new URL(endpoint as string)
      const { origin, pathname, search } = url
      const addresses = await permittedAddresses(url, signal)
      const request = { method: 'POST', path: pathname + search, headers, body, signal } as const
      return pools.use({ clientId, origin, addresses }, (pool) => send(pool, request))
    },
    close: () => pools.close(),
  }
}

async function send(pool: Pool, request: Dispatcher.RequestOptions): Promise<Answer> {
  const response = await pool.request(request)
  const retryAfter = [response.headers['retry-after']].flat()[0]
  const signal = AbortSignal.timeout(discardTimeout)
  await response.body.dump({ limit: discardLimit, signal }).catch(() => undefined)
  return { status: response.statusCode, ...(retryAfter !== undefined && { retryAfter }) }
}
