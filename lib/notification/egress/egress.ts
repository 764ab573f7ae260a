/*
 * The only way out. A name is resolved once per attempt, and all its addresses are checked. The connection goes to one of them,
 * under the original name (I-124, I-125). Redirects are not followed (O-095, I-105). Response bodies are not read (I-126), but
 * those of a service that the operator has configured.
 */
import { isIP } from 'node:net'
import type { Dispatcher, Pool } from 'undici'
import { within, withSignal } from '../deadline.js'
import type { TlsOptions } from './connector.js'
import { EgressDenied } from './egress_denied.js'
import { createPools } from './pools.js'
import { resolveHost, toAddresses } from './resolver.js'
import { type EgressRules, hostnameOf, portOf } from './rules.js'

const resolveSeconds = 3
const discardTimeout = 1000
const discardLimit = 1024
const readLimit = 262_144

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

/** A request whose answer is read. */
export interface Inquiry {
  method: 'GET' | 'POST'
  /** unchecked */
  endpoint: unknown
  headers: Record<string, string>
  body?: string
}

/** An answer with its body. */
export interface ReadAnswer {
  status: number
  /** names in lower case */
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** The guarded way out. */
export interface Egress {
  /** As `post`, and reads the answer, up to 256 KiB. */
  inquire(inquiry: Inquiry, signal: AbortSignal): Promise<ReadAnswer>
  /** Rejects with `EgressDenied` before any connection is opened, or with the error of the connection. */
  post(post: Post, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

/** Where the options differ from Node.js. */
export interface EgressOptions extends TlsOptions {
  /** milliseconds after which an unused connection is closed */
  keepAlive?: number
  /** all addresses of a host name */
  resolve?: (hostname: string) => unknown
}

/** The way out by these rules. Proxy settings of the environment have no effect. */
export function createEgress(rules: EgressRules, { resolve = resolveHost, keepAlive, ...tls }: EgressOptions): Egress {
  const pools = createPools(tls, keepAlive)

  async function permittedAddresses(url: URL, signal: AbortSignal): Promise<string[]> {
    const host = hostnameOf(url)
    const addresses = isIP(host) ? [host] : toAddresses(await within(resolveSeconds, () => resolve(host), signal))
    if (addresses.length === 0) throw Object.assign(new Error('name not found'), { code: 'ENOTFOUND' })
    // a single refused address among public ones is an attack as well
    const denied = addresses.find((address) => !rules.permits(address, portOf(url)))
    if (denied !== undefined) throw new EgressDenied(`resolves to ${denied}, which may not be reached`)
    return [...new Set(addresses)]
  }

  async function use<T>(
    { clientId = '', endpoint, ...request }: Partial<Post> & Pick<Inquiry, 'method' | 'headers'>,
    signal: AbortSignal,
    exchange: (pool: Pool, options: Dispatcher.RequestOptions) => Promise<T>,
  ): Promise<T> {
    const refusal = rules.refusal(endpoint)
    if (refusal) throw new EgressDenied(refusal)
    const url = new URL(endpoint as string)
    const { origin, pathname, search } = url
    const addresses = await permittedAddresses(url, signal)
    const options = { ...request, path: pathname + search, signal }
    return pools.use({ clientId, origin, addresses }, (pool) => exchange(pool, options))
  }

  return {
    post: (post, signal) => use({ ...post, method: 'POST' }, signal, send),
    inquire: (inquiry, signal) => use(inquiry, signal, read),
    close: () => pools.close(),
  }
}

async function read(pool: Pool, request: Dispatcher.RequestOptions): Promise<ReadAnswer> {
  const { statusCode: status, headers, body } = await pool.request(request)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > readLimit) throw Object.assign(new Error('the answer is too large'), { code: 'ERR_ANSWER_TOO_LARGE' })
    chunks.push(chunk)
  }
  return { status, headers, text: Buffer.concat(chunks).toString() }
}

async function send(pool: Pool, request: Dispatcher.RequestOptions): Promise<Answer> {
  const response = await pool.request(request)
  const retryAfter = [response.headers['retry-after']].flat()[0]
  const discard = (signal: AbortSignal) => response.body.dump({ limit: discardLimit, signal })
  await withSignal(discardTimeout, discard).catch(() => undefined)
  return { status: response.statusCode, ...(retryAfter !== undefined && { retryAfter }) }
}
