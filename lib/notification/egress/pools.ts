import type { Pool } from 'undici'
import { createConnector, type TlsOptions, type Undici } from './connector.js'

const headersTimeout = 5000
// a notification rarely goes to the same receiver again
const shortKeepAlive = 1000
const connections = 16

/** Connections are shared by the notifications of one client to one origin at the same addresses. */
export interface Target {
  clientId: string
  origin: string
  addresses: string[]
}

/** Pools of connections, one per target. */
export interface Pools {
  /** Runs `work` with the pool of this target. */
  use<T>(target: Target, work: (pool: Pool) => Promise<T>): Promise<T>
  close(): Promise<void>
}

interface PoolEntry {
  pool: Pool
  users: number
  /** destroys the pool when nobody has used it for a while */
  timer?: NodeJS.Timeout
}

/** Pools with these certificates; an unused connection is closed after `keepAlive` milliseconds. */
export function createPools(tls: TlsOptions, keepAlive = shortKeepAlive): Pools {
  const entries = new Map<string, PoolEntry>()

  function create(undici: Undici, key: string, { origin, addresses }: Target): PoolEntry {
    const connect = createConnector(undici, addresses, tls)
    const timeouts = { headersTimeout, bodyTimeout: headersTimeout, keepAliveTimeout: keepAlive }
    const pool = new undici.Pool(origin, { ...timeouts, keepAliveMaxTimeout: keepAlive, connections, connect })
    const entry = { pool, users: 0 }
    entries.set(key, entry)
    return entry
  }

  function release(key: string, entry: PoolEntry): void {
    entry.users -= 1
    if (entry.users > 0) return
    const destroy = () => {
      entries.delete(key)
      void entry.pool.destroy()
    }
    entry.timer = setTimeout(destroy, keepAlive).unref()
  }

  return {
    async use(target, work) {
      const undici = await import('undici')
      const key = [target.clientId, target.origin, ...target.addresses.toSorted()].join(' ')
      const entry = entries.get(key) ?? create(undici, key, target)
      clearTimeout(entry.timer)
      entry.users += 1
      try {
        return await work(entry.pool)
      } finally {
        release(key, entry)
      }
    },
    async close() {
      const open = [...entries.values()]
      entries.clear()
      for (const { timer } of open) clearTimeout(timer)
      await Promise.all(open.map(({ pool }) => pool.destroy()))
    },
  }
}
