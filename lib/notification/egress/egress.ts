/*
 * The only way out. A name is resolved once per attempt, every address it has is looked at, and the connection goes to those and no
 * others, under the original name (I-124, I-125); redirects are not followed (O-095, I-105), answers not read (I-126).
 */

import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { buildConnector, Pool } from 'undici'
import { within } from '../deadline.js'
import { canonical } from './addresses.js'
import { ignoreContinue } from './informational_responses.js'
import { type EgressRules, hostOf, portOf } from './rules.js'

const seconds = 1000
const resolveSeconds = 3
const connectTimeout = 3 * seconds
const headersTimeout = 5 * seconds
const discardTimeout = 1 * seconds
const keepAlive = 1 * seconds
const discarded = 1024
const perPool = 16

/** The guard refuses this endpoint. */
export class EgressDenied extends Error {}

/** What a receiver said. */
export interface Answer {
  status: number
  /** `Retry-After` as it came */
  retryAfter?: string
}

/** A notification on its way. */
export interface Post {
  /** connections are shared by the notifications of one client */
  clientId: string
  /** as the client's metadata has it */
  endpoint: unknown
  headers: Record<string, string>
  body: string
}

type Undici = typeof import('undici')

/** The guarded way out. */
export interface Egress {
  /** Rejects with `EgressDenied` before any connection is opened, or as the connection failed. */
  post(post: Post, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

interface KeptPool {
  pool: Pool
  users: number
  idle?: NodeJS.Timeout
}

/** Where the options differ from Node.js. */
export interface EgressOptions {
  /** PEM certificates to trust */
  ca?: unknown
  /** all addresses of a host name */
  resolve?: (hostname: string) => unknown
}

/** The way out by these rules; proxy settings of the environment mean nothing to it. */
export function createEgress(rules: EgressRules, { ca, resolve = lookUp }: EgressOptions): Egress {
  const pools = new Map<string, KeptPool>()

  async function vetted(url: URL, signal: AbortSignal): Promise<string[]> {
    const host = hostOf(url)
    const addresses = isIP(host) ? [host] : toAddresses(await within(resolveSeconds, () => resolve(host), signal))
    if (addresses.length === 0) throw Object.assign(new Error('name not found'), { code: 'ENOTFOUND' })
    // one that is not public among others is an attack as well
    const denied = addresses.find((address) => !rules.permits(address, portOf(url)))
    if (denied !== undefined) throw new EgressDenied(`resolves to ${denied}, which may not be reached`)
    return [...new Set(addresses)]
  }

  function keep(undici: Undici, key: string, origin: string, addresses: string[]): KeptPool {
    const known = pools.get(key)
    if (known) return known
    const connect = pinned(undici, addresses, ca)
    const timeouts = { headersTimeout, bodyTimeout: headersTimeout, keepAliveTimeout: keepAlive }
    const pool = new undici.Pool(origin, { ...timeouts, keepAliveMaxTimeout: keepAlive, connections: perPool, connect })
    const kept = { pool, users: 0 }
    pools.set(key, kept)
    return kept
  }

  function leave(key: string, kept: KeptPool): void {
    kept.users -= 1
    if (kept.users > 0) return
    const drop = () => {
      pools.delete(key)
      void kept.pool.destroy()
    }
    kept.idle = setTimeout(drop, keepAlive).unref()
  }

  return {
    async post({ clientId, endpoint, headers, body }, signal) {
      const refusal = rules.refusal(endpoint)
      if (refusal) throw new EgressDenied(refusal)
      const url = new URL(endpoint as string)
      const addresses = await vetted(url, signal)
      // a tenth of a second that a process which notifies nobody is spared
      const undici = await import('undici')
      const key = [clientId, url.origin, ...addresses.toSorted()].join(' ')
      const kept = keep(undici, key, url.origin, addresses)
      clearTimeout(kept.idle)
      kept.users += 1
      try {
        const path = url.pathname + url.search
        const response = await kept.pool.request({ method: 'POST', path, headers, body, signal })
        const retryAfter = [response.headers['retry-after']].flat()[0]
        await response.body
          .dump({ limit: discarded, signal: AbortSignal.timeout(discardTimeout) })
          .catch(() => undefined)
        return { status: response.statusCode, ...(retryAfter !== undefined && { retryAfter }) }
      } finally {
        leave(key, kept)
      }
    },
    async close() {
      const open = [...pools.values()]
      pools.clear()
      for (const { idle } of open) clearTimeout(idle)
      await Promise.all(open.map(({ pool }) => pool.destroy()))
    },
  }
}

// to these addresses whatever a resolver would say by now, under the name of the endpoint
function pinned(undici: Undici, addresses: string[], ca: EgressOptions['ca']): buildConnector.connector {
  const all: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }))
  const connect = undici.buildConnector({
    ...(ca !== undefined && { ca: ca as string }),
    timeout: connectTimeout,
    minVersion: 'TLSv1.2',
    // whatever the environment says
    rejectUnauthorized: true,
    allowH2: false,
    maxCachedSessions: 0,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: connectTimeout / 6,
    lookup: (_host, { all: isAll }, found) => {
      // later, as any other look-up: where there is no route Node.js would destroy the socket before anybody listens for its error
      process.nextTick(() => (isAll ? found(null, all) : found(null, all[0]!.address, all[0]!.family)))
    },
  })
  const expected = new Set(addresses.map(canonical))
  return (options, connected) => {
    connect(options, (error, socket) => {
      if (error || !socket) return connected(error as Error, null)
      const { remoteAddress } = socket as TLSSocket
      if (remoteAddress && expected.has(canonical(remoteAddress))) {
        ignoreContinue(socket)
        return connected(null, socket)
      }
      socket.destroy()
      const other = new EgressDenied('was reached at another address than those looked at')
      connected(remoteAddress ? other : Object.assign(new Error('gone at once'), { code: 'ECONNRESET' }), null)
    })
  }
}

// not the system's resolver: four slow names would hold up every file and every look-up of the process
async function lookUp(host: string): Promise<string[]> {
  // RFC 6761, section 6.3
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
  const resolver = new Resolver({ timeout: 1 * seconds, tries: 2 })
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const addresses = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const [failure] = found.filter((result) => result.status === 'rejected')
  if (addresses.length === 0) throw failure?.reason
  return addresses
}

function toAddresses(found: unknown): string[] {
  const addresses = Array.isArray(found)
    ? found.map((entry) => (typeof entry === 'string' ? entry : entry?.address))
    : []
  if (Array.isArray(found) && addresses.every((address) => typeof address === 'string')) return addresses
  throw Object.assign(new TypeError('notification.resolve must return an array of addresses'), {
    code: 'RESOLVE_MUST_RETURN_AN_ARRAY_OF_ADDRESSES',
  })
}
