/*
 * What a notification costs that nothing is done for: the same requests, sent by undici and nothing else.
 */
import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import { Pool } from 'undici'
import type { Loop } from './post_loop.js'

process.once('disconnect', () => process.exit())
process.send?.('ready')
const [{ ca, perHost, requests }] = (await once(process, 'message')) as [Loop]

const toLoopback: LookupFunction = (_host, { all }, found) => {
  if (all) found(null, [{ address: '127.0.0.1', family: 4 }])
  else found(null, '127.0.0.1', 4)
}
const connect = { ca, lookup: toLoopback, minVersion: 'TLSv1.2' as const }
const start = process.cpuUsage()
await Promise.all(requests.map(({ endpoint, posts }) => drain(new URL(endpoint), posts.values())))
const { user, system } = process.cpuUsage(start)
process.send?.(user + system)

async function drain({ origin, pathname }: URL, posts: Iterable<{ headers: Record<string, string>; body: string }>) {
  const pool = new Pool(origin, { connections: perHost, connect })
  const queue = posts[Symbol.iterator]()
  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const { body } = await pool.request({ method: 'POST', path: pathname, ...next.value })
      await body.dump()
    }
  }
  await Promise.all(Array.from({ length: perHost }, work))
}
