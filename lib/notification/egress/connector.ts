import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { buildConnector } from 'undici'
import { canonical } from './addresses.js'
import { EgressDenied } from './egress_denied.js'
import { ignoreContinue } from './informational_responses.js'

/** undici, which is imported at the first notification: a process that sends none starts a tenth of a second faster. */
export type Undici = typeof import('undici')

const connectTimeout = 3000

/** Certificates in PEM: to trust, and to show to the other side. */
export interface TlsOptions {
  ca?: unknown
  cert?: unknown
  key?: unknown
}

/** Connects to these addresses only, under the name of the endpoint. A later answer of a resolver does not matter (I-125). */
export function createConnector(
  undici: Undici,
  addresses: string[],
  { ca, cert, key }: TlsOptions,
): buildConnector.connector {
  const connect = undici.buildConnector({
    ...(ca !== undefined && { ca: ca as string }),
    ...(cert !== undefined && { cert: cert as string, key: key as string }),
    timeout: connectTimeout,
    minVersion: 'TLSv1.2',
    // NODE_TLS_REJECT_UNAUTHORIZED must not change this
    rejectUnauthorized: true,
    allowH2: false,
    maxCachedSessions: 0,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: connectTimeout / 6,
    lookup: lookupOf(addresses),
  })
  const expected = new Set(addresses.map(canonical))
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error || !socket) return callback(error as Error, null)
      const { remoteAddress } = socket as TLSSocket
      if (remoteAddress && expected.has(canonical(remoteAddress))) {
        ignoreContinue(socket)
        return callback(null, socket)
      }
      socket.destroy()
      callback(remoteAddress ? new EgressDenied('was reached at another address than those looked at') : reset(), null)
    })
  }
}

/** A look-up that finds these addresses for every name. */
function lookupOf(addresses: string[]): LookupFunction {
  const all: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }))
  // calls back later, as every look-up does: if there is no route, Node.js destroys the socket before anybody listens to its error
  return (_host, { all: isAll }, callback) => {
    process.nextTick(() => (isAll ? callback(null, all) : callback(null, all[0]!.address, all[0]!.family)))
  }
}

// the receiver has closed the connection before its address could be read
function reset(): Error {
  return Object.assign(new Error('gone at once'), { code: 'ECONNRESET' })
}
