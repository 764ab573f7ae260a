import { medianInterval, percentile } from '../../support/statistics.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { type Deployment, deploymentOn } from './deployment.js'
import { latencies } from './latency.js'
import { poison } from './poison.js'
import { startReceiver } from './receiver.js'
import { takeOvers } from './take_over.js'
import { type Round, throughput } from './throughput.js'

/** How much is measured. */
interface Extent {
  rounds: number
  /** only this measure */
  measure?: string | undefined
}

type Row = string[]
type Measure = (deployment: Deployment, extent: Extent) => Promise<Row[]>

const milliseconds = (values: number[], share: number) => `${percentile(values, share).toFixed(1)} ms`
const quantiles = (values: number[]) => [milliseconds(values, 0.5), milliseconds(values, 0.99)]

const sameNode: Measure = async (deployment) => {
  const node = await deployment.start('node')
  await latencies(deployment, node, { count: 300, gap: () => 20 })
  const warm = await latencies(deployment, node, { count: 1000, gap: () => 20 })
  // a connection is kept for a second
  const cold = await latencies(deployment, node, { count: 20, gap: () => 1500 })
  await node.stop()
  return [
    ['decision to POST, same node', ...quantiles(warm), '5 ms, 25 ms'],
    ['the same, each on a new connection', ...quantiles(cold), ''],
  ]
}

const otherNode: Measure = async (deployment) => {
  const decider = await deployment.start('decider', { worker: false })
  const senders = [await deployment.start('sender'), await deployment.start('another')]
  const pace = { gap: () => 100 * Math.random() }
  await latencies(deployment, decider, { ...pace, count: 50 })
  const found = await latencies(deployment, decider, { ...pace, count: 500 })
  await Promise.all([decider, ...senders].map((node) => node.stop()))
  return [['decision to POST, two other nodes', ...quantiles(found), '25 ms, 150 ms']]
}

const rate: Measure = async (deployment, { rounds }) => {
  const all = await throughput(deployment, rounds, 2000)
  const medianOf = (of: (round: Round) => number) => percentile(all.map(of), 0.5).toFixed(0)
  const ratioOf = (of: (round: Round) => number) => {
    const { median, low, high } = medianInterval(all.map(of))
    return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
  }
  return [
    ['a worker', medianOf(({ worker }) => worker.rate), medianOf(({ worker }) => worker.cpu), ''],
    ['undici alone', medianOf(({ loop }) => loop.rate), medianOf(({ loop }) => loop.cpu), ''],
    [
      'ratio',
      ratioOf(({ worker, loop }) => worker.rate / loop.rate),
      ratioOf(({ worker, loop }) => loop.cpu / worker.cpu),
      '0.50 or more',
    ],
  ]
}

const poisoned: Measure = async (deployment, { rounds }) => {
  const found = await poison(deployment, rounds, 300)
  const ratio = percentile(found.with, 0.99) / percentile(found.without, 0.99)
  return [
    ['others, nobody hangs', ...quantiles(found.without), ''],
    ['others, one never answers', ...quantiles(found.with), ''],
    ['ratio', '', ratio.toFixed(2), '1.20 or less'],
  ]
}

const takeOver: Measure = async (deployment) => {
  const found = await takeOvers(deployment, 16)
  const seconds = (share: number) => `${percentile(found, share).toFixed(2)} s`
  return [[`take-over after kill -9, ${found.length} kills`, seconds(0.5), seconds(0.99), '11 s']]
}

/** What notifications take, each measure on a database of its own. */
export async function notifications({ uri, db }: Place, extent: Extent): Promise<void> {
  for (const [name, measure] of Object.entries({ sameNode, otherNode, rate, poisoned, takeOver })) {
    if ((extent.measure ?? name) !== name) continue
    const receiver = await startReceiver()
    const own = db.client.db(`${db.databaseName}_${name}`)
    try {
      const rows = await measure(await deploymentOn({ uri, db: own }, receiver), extent)
      const columns = measure === rate ? ['POSTs/s', 'CPU µs', 'goal'] : ['p50', 'p99', 'goal']
      table('notifications', columns, rows)
    } finally {
      await own.dropDatabase()
      await receiver.stop()
    }
  }
}
