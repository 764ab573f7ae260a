import { median } from '../../support/statistics.js'
import { inTurn, type PostRequest, send } from '../load.js'
import { table } from '../report.js'
import type { Peer, Usage } from './peer.js'

export interface PendingExtent {
  /** there and back each */
  rounds: number
  seconds: number
}

/** One segment of load, as it counts for one second of the clock and for one poll. */
interface Lap {
  rate: number
  /** CPU microseconds per poll */
  cpu: Usage
}

/** Polls of one peer after the other, there and back, so that what changes steadily weighs on all of them. */
export async function measurePending(peers: Peer[], { rounds, seconds }: PendingExtent): Promise<void> {
  const laps = new Map<Peer, Lap[]>(peers.map((peer) => [peer, []]))
  const streams = new Map(peers.map((peer) => [peer, inTurn(peer.pending)]))
  const segment = async (peer: Peer, length: number) => lap(peer, streams.get(peer)!, length)
  for (const peer of peers) await segment(peer, peer.warmUp)
  for (let round = 0; round < rounds; round++) {
    for (const peer of [...peers, ...peers.toReversed()]) laps.get(peer)!.push(await segment(peer, seconds))
  }
  report(laps)
}

async function lap({ port, usage }: Peer, stream: Iterator<PostRequest>, seconds: number): Promise<Lap> {
  let count = 0
  const deadline = performance.now() + seconds * 1000
  const counted: Iterable<PostRequest> = {
    [Symbol.iterator]: () => ({
      next: () => {
        if (performance.now() >= deadline) return { done: true, value: undefined }
        count++
        return stream.next()
      },
    }),
  }
  const before = await usage()
  const start = performance.now()
  await send(port, counted, '"authorization_pending"')
  const rate = count / ((performance.now() - start) / 1000)
  const after = await usage()
  const perPoll = (part: keyof Usage) => (after[part] - before[part]) / count
  return { rate, cpu: { server: perPoll('server'), database: perPoll('database') } }
}

function report(laps: Map<Peer, Lap[]>): void {
  const rows = [...laps].map(([{ name, state }, all]) => {
    const of = (value: (lap: Lap) => number) => median(all.map(value))
    const spread = all.map(({ rate }) => rate)
    return [
      name,
      state,
      of(({ rate }) => rate).toFixed(0),
      `${Math.min(...spread).toFixed(0)} ... ${Math.max(...spread).toFixed(0)}`,
      of(({ cpu }) => cpu.server).toFixed(0),
      of(({ cpu }) => cpu.database).toFixed(0),
      of(({ cpu }) => 1e6 / cpu.server).toFixed(0),
      of(({ cpu }) => 1e6 / (cpu.server + cpu.database)).toFixed(0),
    ]
  })
  const perCore = ['polls/s per core of the server', 'with its database']
  table(
    'pending polls',
    ['state in', 'polls/s', 'lowest, highest', 'server CPU µs', 'database CPU µs', ...perCore],
    rows,
  )
}
