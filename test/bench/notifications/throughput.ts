import type { ProviderNode } from '../../support/node.js'
import { type Deployment, pause } from './deployment.js'
import { postAll } from './post_loop.js'
import { type Arrival, answering } from './receiver.js'

/** What one of the two did in one round. */
export interface Lap {
  /** per second */
  rate: number
  /** CPU microseconds of the process that sends, per notification */
  cpu: number
}

export interface Round {
  worker: Lap
  loop: Lap
}

/** What a worker grants one client. */
export const perHost = 8

/** Rounds of worker, loop, loop, worker, on the same receiver. */
export async function throughput(deployment: Deployment, rounds: number, count: number): Promise<Round[]> {
  const node = await deployment.start('worker', { isSilent: true })
  const all: Round[] = []
  // what is not counted warms up
  for (let round = 0; round <= rounds; round++) {
    const [a, b] = [await byWorker(deployment, node, count), await byLoop(deployment, count)]
    const [c, d] = [await byLoop(deployment, count), await byWorker(deployment, node, count)]
    if (round > 0) all.push({ worker: both(a, d), loop: both(b, c) })
  }
  await node.stop()
  return all
}

/** What a worker does with so many. */
export async function byWorker(deployment: Deployment, node: ProviderNode, count: number): Promise<Lap> {
  await plantAll(deployment, count, 'owed')
  const before = await node.cpu()
  await deployment.release()
  const arrivals = await deployment.receiver.arrived(count)
  // the last ones are written down, and connections closed
  await pause(1500)
  return { rate: rateOf(arrivals), cpu: ((await node.cpu()) - before) / count }
}

async function byLoop(deployment: Deployment, count: number): Promise<Lap> {
  const planted = await plantAll(deployment, count, 'waiting')
  const cpu = await postAll(deployment, planted, perHost)
  return { rate: rateOf(await deployment.receiver.arrived(count)), cpu: cpu / count }
}

async function plantAll({ plant }: Deployment, count: number, status: 'owed' | 'waiting') {
  const share = count / answering.length
  return (await Promise.all(answering.map((clientId) => plant(clientId, share, status)))).flat()
}

/** Per second. What comes before the first one is a sweep's pause, or a process that starts. */
export function rateOf(arrivals: Arrival[]): number {
  const [first, last] = [arrivals.at(0)?.at ?? 0n, arrivals.at(-1)?.at ?? 0n]
  return (arrivals.length - 1) / (Number(last - first) / 1e9)
}

function both(one: Lap, other: Lap): Lap {
  return { rate: 2 / (1 / one.rate + 1 / other.rate), cpu: (one.cpu + other.cpu) / 2 }
}
