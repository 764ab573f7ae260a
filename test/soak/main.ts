/*
 * npm run soak -- [--minutes 120] [--seed S] [--store unchecked]
 *
 * Three provider processes on a replica set work for two hours: clients of both profiles ask, poll, are notified, cancel and redeem;
 * reviewers comment, vote, approve and deny. Every few minutes one of two of the processes is killed, or the primary of the database
 * steps down. Every deferral is audited a minute after its end. The memory of the process that is never killed must grow by less than
 * 20 MB after the warm-up, the first eighth of the run; runs of less than an hour only print it. `--store` names a planted store of
 * test/race/naive_nodes.ts, which the audit must catch. Exits with 1 when something is broken.
 */
import { parseArgs } from 'node:util'
import { startMongo } from '../support/mongod.js'
import { steady } from './faults.js'
import { type Growth, growthOf, megabytes } from './memory.js'
import { runSoak, scheduleOf } from './run.js'

const mostGrowth = 20e6
const shortest = 60

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    store: { type: 'string' },
  },
})
const seed = Number(values.seed)
const minutes = Number(values.minutes)
console.log(`seed ${seed}, ${minutes} minutes`)
const begun = performance.now()
const progress = (line: string) => console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${line}`)

const store = values.store && new URL(`../race/naive_nodes.js#${values.store}`, import.meta.url).href
const mongo = await startMongo({ members: 3 })
try {
  const { findings, figures, samples, lines } = await runSoak({ uri: mongo.uri, minutes, seed, store, progress })
  const { warmUp } = scheduleOf(minutes)
  const followed = samples.filter(steady)
  const rss = growthOf(followed, warmUp, 'rss')
  const heap = growthOf(followed, warmUp, 'heap')
  for (const line of lines.slice(0, 30)) console.log(`written: ${line}`)
  const others = samples.filter((sample) => !steady(sample))
  const largest = { 'largest rss of the others, MB': megabytes(Math.max(...others.map((sample) => sample.rss))) }
  console.table({ ...figures, ...sizesOf('rss', rss), ...sizesOf('heap', heap), ...largest })
  const isGrown = minutes >= shortest && rss.growth >= mostGrowth
  if (isGrown) console.log('BROKEN memory')
  process.exitCode = findings.length > 0 || figures.unaudited > 0 || isGrown ? 1 : 0
} finally {
  await mongo.stop()
}

function sizesOf(name: string, sizes: Growth): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).map(([when, bytes]) => [`${name} ${when}, MB`, megabytes(bytes)]))
}
