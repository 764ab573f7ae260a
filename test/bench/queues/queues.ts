import { newId } from '../../../lib/deferral/handle.js'
import { median, medianInterval } from '../../support/statistics.js'
import { deploymentOn } from '../notifications/deployment.js'
import { answering, type Receiver, startReceiver } from '../notifications/receiver.js'
import { takeOvers } from '../notifications/take_over.js'
import { byWorker, type Lap, perHost, rateOf } from '../notifications/throughput.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { type PeerName, peers } from './peers.js'
import { assertInstalled, type QueueWorker, startWorker } from './worker.js'

const count = 2000
const kills = 4
// what worker and lanes grant these clients together
const atOnce = perHost * answering.length

type Start = (peer: PeerName, attempt?: number) => Promise<QueueWorker>

/** Notifications beside the queues of others: POSTs per second, and seconds to the next attempt after the death of a worker. */
export async function queues(place: Place, { rounds, seconds }: { rounds: number; seconds: number }): Promise<void> {
  assertInstalled()
  const [receiver, postgres] = [await startReceiver(), await postgresServer()]
  try {
    const start = starter(receiver, place, postgres)
    const laps = await race(place, receiver, start, rounds)
    const after = await deaths(place, receiver, start, seconds)
    const rows = [...laps].map(([name, all]) => [name, ...figures(all), after.get(name) ?? ''])
    const columns = ['POSTs/s', '95 % interval', 'CPU µs', 'take-over']
    table(`durable queues, ${atOnce} at once, ${postgres.version}`, columns, rows)
  } finally {
    await postgres.stop()
    await receiver.stop()
  }
}

/** The one at `POSTGRES_URI`, or a new one. */
async function postgresServer(): Promise<Pick<Postgres, 'uri' | 'version' | 'stop'>> {
  const { POSTGRES_URI: uri } = process.env
  return uri ? { uri, version: 'PostgreSQL at POSTGRES_URI', async stop() {} } : startPostgres()
}

function starter({ notification: { ca } }: Receiver, { uri, db }: Place, postgres: Pick<Postgres, 'uri'>): Start {
  const mongo = new URL(uri)
  mongo.pathname = `/${db.databaseName}_agenda`
  const uris = { mongodb: String(mongo), postgres: postgres.uri }
  return (peer, attempt = 1) => startWorker({ peer, uri: uris[peers[peer].database], ca, atOnce, attempt })
}

function figures(laps: Lap[]): string[] {
  const { low, high } = medianInterval(laps.map(({ rate }) => rate))
  const [rate, cpu] = [median(laps.map((lap) => lap.rate)), median(laps.map((lap) => lap.cpu))]
  return [rate.toFixed(0), `${low.toFixed(0)} to ${high.toFixed(0)}`, cpu.toFixed(0)]
}

/** Rounds of A, B, C and then C, B, A. */
async function race(place: Place, receiver: Receiver, start: Start, rounds: number): Promise<Map<string, Lap[]>> {
  const deployment = await deploymentOn({ ...place, db: place.db.client.db(`${place.db.databaseName}_ours`) }, receiver)
  const node = await deployment.start('worker', { isSilent: true })
  const names = Object.keys(peers) as PeerName[]
  const runs = new Map<string, () => Promise<Lap>>([
    ['notifications', () => byWorker(deployment, node, count)],
    ...names.map((peer) => [peer, () => byPeer(peer, receiver, start)] as const),
  ])
  const laps = new Map<string, Lap[]>([...runs.keys()].map((name) => [name, []]))
  // what is not counted warms up
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of [...runs, ...[...runs].reverse()]) {
      const lap = await run()
      if (round > 0) laps.get(name)?.push(lap)
    }
  }
  await node.stop()
  return laps
}

async function byPeer(peer: PeerName, receiver: Receiver, start: Start): Promise<Lap> {
  const worker = await start(peer)
  const endpoints = answering.map((name) => receiver.endpointOf(name, peer))
  const jobs = Array.from({ length: count }, (_, nth) => ({ id: newId(), endpoint: endpoints[nth % 4] ?? '' }))
  await worker.add(jobs)
  const before = await worker.cpu()
  await worker.work()
  const arrivals = await receiver.arrived(count, 300)
  // the last ones are written down
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const cpu = ((await worker.cpu()) - before) / count
  await worker.kill()
  return { rate: rateOf(arrivals), cpu }
}

async function deaths(place: Place, receiver: Receiver, start: Start, seconds: number): Promise<Map<string, string>> {
  const own = { ...place, db: place.db.client.db(`${place.db.databaseName}_deaths`) }
  const found = await takeOvers(await deploymentOn(own, receiver), kills)
  const after = new Map([['notifications', `${median(found).toFixed(1)} s (lease 10 s)`]])
  for (const peer of Object.keys(peers) as PeerName[]) {
    const taken = await takeOverOf(peer, receiver, start, seconds)
    const text = taken === undefined ? `not within ${seconds} s` : `${taken.toFixed(1)} s`
    after.set(peer, `${text} (lock ${peers[peer].lock})`)
  }
  return after
}

/** Seconds from the death of a worker to the next attempt at its job, with the defaults of the peer. */
async function takeOverOf(peer: PeerName, receiver: Receiver, start: Start, seconds: number) {
  const [victim, survivor] = [await start(peer), await start(peer, 2)]
  await victim.add([{ id: newId(), endpoint: receiver.endpointOf('once', peer) }])
  await victim.work()
  await receiver.arrived(1)
  await victim.kill()
  const death = process.hrtime.bigint()
  await survivor.work()
  try {
    const [next] = await receiver.arrived(1, seconds)
    return next && Number(next.at - death) / 1e9
  } catch {
    return undefined
  } finally {
    await survivor.kill()
  }
}
