/*
 * A process with the queue of a peer. Stores the jobs that it is sent, and runs jobs when it is told to.
 */
import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import { Pool } from 'undici'
import { type Job, openQueue, type PeerName } from './peers.js'

/** What the process is told first. */
export interface Setup {
  peer: PeerName
  uri: string
  ca: string
  /** jobs at once */
  atOnce: number
  /** sent as `delivery-attempt` */
  attempt: number
}

process.once('disconnect', () => process.exit())
process.send?.('ready')
const [{ peer, uri, ca, atOnce, attempt }] = (await once(process, 'message')) as [Setup]
const queue = await openQueue(peer, uri)
const pools = new Map<string, Pool>()
const toLoopback: LookupFunction = (_host, { all }, found) => {
  if (all) found(null, [{ address: '127.0.0.1', family: 4 }])
  else found(null, '127.0.0.1', 4)
}

async function post({ id, endpoint }: Job): Promise<void> {
  const { origin, pathname } = new URL(endpoint)
  const pool = pools.get(origin) ?? new Pool(origin, { connections: atOnce, connect: { ca, lookup: toLoopback } })
  pools.set(origin, pool)
  const headers = { 'content-type': 'application/json', 'delivery-id': id, 'delivery-attempt': String(attempt) }
  const body = JSON.stringify({ deferral_code: id })
  const answer = await pool.request({ method: 'POST', path: pathname, headers, body })
  await answer.body.dump()
  if (answer.statusCode >= 300) throw new Error(`answered ${answer.statusCode}`)
}

process.on('message', async (jobs: Job[] | 'work' | 'cpu') => {
  if (Array.isArray(jobs)) await queue.add(jobs)
  if (jobs === 'work') await queue.work(post, atOnce)
  const { user, system } = process.cpuUsage()
  process.send?.(user + system)
})
process.send?.('open')
