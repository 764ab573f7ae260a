import { isIP, type LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import { isReachable, type Range } from '../../lib/notification/egress/addresses.js'

/** A way out that looks guarded. */
export type Sender = (endpoint: string) => Promise<void>

interface Guard {
  resolve: (host: string) => string[]
  allow: Range[]
}

/** Checks what the name resolves to, then leaves it to the connection to resolve it again. */
export function checkingBefore({ resolve, allow }: Guard): Sender {
  return async (endpoint) => {
    const host = nameOf(endpoint)
    const addresses = isIP(host) ? [host] : resolve(host)
    if (!addresses.every((address) => isReachable(address, { allow, deny: [] }))) throw new Error('denied')
    await post(endpoint, lookup(resolve))
  }
}

/** Checks every address a look-up finds; that there is none for an address is forgotten. */
export function checkingLookups({ resolve, allow }: Guard): Sender {
  const guarded = (host: string) => {
    const addresses = resolve(host)
    if (!addresses.every((address) => isReachable(address, { allow, deny: [] }))) throw new Error('denied')
    return addresses
  }
  return (endpoint) => post(endpoint, lookup(guarded))
}

/** Checks the first address only. */
export function checkingFirst({ resolve, allow }: Guard): Sender {
  return async (endpoint) => {
    const host = nameOf(endpoint)
    const addresses = isIP(host) ? [host] : resolve(host)
    if (!isReachable(addresses[0] ?? '', { allow, deny: [] })) throw new Error('denied')
    await post(
      endpoint,
      lookup(() => addresses.slice(-1)),
    )
  }
}

function lookup(resolve: Guard['resolve']): LookupFunction {
  return (host, { all }, found) => {
    try {
      const addresses = resolve(host).map((address) => ({ address, family: isIP(address) }))
      if (all) found(null, addresses)
      else found(null, addresses[0]!.address, addresses[0]!.family)
    } catch (error) {
      found(error as Error, [])
    }
  }
}

async function post(endpoint: string, lookup: LookupFunction): Promise<void> {
  const dispatcher = new Agent({ connect: { lookup, rejectUnauthorized: false, timeout: 1000 } })
  try {
    const { body } = await request(endpoint, { method: 'POST', body: '{}', dispatcher, headersTimeout: 1000 })
    await body.dump()
  } finally {
    await dispatcher.destroy()
  }
}

function nameOf(endpoint: string): string {
  return new URL(endpoint).hostname.replace(/^\[|\]$|\.$/g, '')
}
