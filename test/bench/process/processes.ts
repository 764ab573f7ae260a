import { type ProviderNode, startNode } from '../../support/node.js'
import { median, medianInterval } from '../../support/statistics.js'
import { databaseCpu } from '../database_cpu.js'
import { inTurn, send } from '../load.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { ask } from './probe.js'
import { limitCpu } from './quota.js'
import { extension, pendingPolls } from './waiting.js'

interface Extent {
  rounds: number
  requests: number
}

/** What some processes did at the same time. */
interface Lap {
  /** polls per second of all of them */
  rate: number
  /** CPU microseconds per poll: of these processes, of the database, of this process */
  provider: number
  database: number
  load: number
}

const waiting = 20_000
// of a core for each process: the rest is enough for the database and the load, also with two
const share = 1 / 3

/** Compares the polls of two processes with those of one, where the database and the load have CPU to spare. */
export async function processes(place: Place, { rounds, requests }: Extent): Promise<void> {
  const setup = { uri: place.uri, database: place.db.databaseName, issuer: 'http://op.example' }
  const start = () => startNode({ ...setup, modules: { extension }, deferred: { interval: 1 } })
  const [one, other] = [await start(), await start()]
  const ends: (() => Promise<void>)[] = []
  try {
    const all = await pendingPolls(place.db, one.origin, waiting)
    let sent = 0
    const run = async (nodes: ProviderNode[], count: number) => {
      const lap = await lapOf(place, nodes, () =>
        nodes.map((node) => {
          sent += count
          return send(Number(new URL(node.origin).port), [...inTurn(all, count, sent)], 'authorization_pending')
        }),
      )
      return { ...lap, rate: (nodes.length * count) / lap.seconds, ...perPoll(lap, nodes.length * count) }
    }
    for (const node of [one, other]) await run([node], 5 * requests)
    for (const node of [one, other]) ends.push(await limitCpu((await ask(node.origin)).pid, share))
    const laps: { single: Lap; again: Lap; both: Lap }[] = []
    for (let round = 0; round < rounds; round++) {
      const [single, both, again] = [
        await run([one], requests),
        await run([one, other], requests),
        await run([other], requests),
      ]
      laps.push({ single, both, again })
    }
    report(laps)
  } finally {
    await Promise.all([one.stop(), other.stop()])
    for (const end of ends) await end()
  }
}

interface Used {
  seconds: number
  provider: number
  database: number
  load: number
}

async function lapOf({ db }: Place, nodes: ProviderNode[], begin: () => Promise<void>[]): Promise<Used> {
  const used = async () => {
    const { user, system } = process.cpuUsage()
    const all = await Promise.all(nodes.map((node) => node.cpu()))
    return { provider: all.reduce((sum, cpu) => sum + cpu, 0), database: await databaseCpu(db), load: user + system }
  }
  const before = await used()
  const begun = performance.now()
  await Promise.all(begin())
  const seconds = (performance.now() - begun) / 1000
  const after = await used()
  return {
    seconds,
    provider: after.provider - before.provider,
    database: after.database - before.database,
    load: after.load - before.load,
  }
}

function perPoll({ provider, database, load }: Used, count: number) {
  return { provider: provider / count, database: database / count, load: load / count }
}

function report(laps: { single: Lap; again: Lap; both: Lap }[]): void {
  const row = (name: 'single' | 'again' | 'both') =>
    (['rate', 'provider', 'database', 'load'] as const).map((of) => median(laps.map((lap) => lap[name][of])).toFixed(0))
  const ratio = (of: (lap: (typeof laps)[number]) => number) => {
    const { median: middle, low, high } = medianInterval(laps.map(of))
    return `${middle.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
  }
  const title = `polls, ${laps.length} rounds, each process has ${share.toFixed(2)} of a core`
  table(
    title,
    ['polls/s', 'CPU µs', 'CPU µs of the database', 'CPU µs of the load'],
    [
      ['one process', ...row('single')],
      ['another one', ...row('again')],
      ['both', ...row('both')],
    ],
  )
  table(
    'ratio',
    ['by polls/s', 'by CPU', 'by CPU of the database', 'goal'],
    [
      [
        'P12 both / one',
        ratio(({ single, again, both }) => both.rate / ((single.rate + again.rate) / 2)),
        ratio(({ single, again, both }) => (single.provider + again.provider) / 2 / both.provider),
        ratio(({ single, again, both }) => (single.database + again.database) / 2 / both.database),
        '1.70 or more',
      ],
      [
        'control one / another one',
        ratio(({ single, again }) => single.rate / again.rate),
        ratio(({ single, again }) => again.provider / single.provider),
        ratio(({ single, again }) => again.database / single.database),
        '0.97 ... 1.03',
      ],
    ],
  )
}
