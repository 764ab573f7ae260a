/*
 * npm run chaos -- [--decisions 10000] [--seed S]
 *
 * Decisions while provider processes are killed and stopped and the primary of the database steps down; then an audit of what the
 * clients received. Exits with 1 when a promise was broken.
 */
import { parseArgs } from 'node:util'
import { startMongo } from '../support/mongod.js'
import { runChaos } from './run.js'

const { values } = parseArgs({
  options: {
    decisions: { type: 'string', default: '10000' },
    seed: { type: 'string', default: process.env.CHAOS_SEED ?? String(Math.floor(Math.random() * 2 ** 32)) },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)
const begun = performance.now()
const progress = (line: string) => console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${line}`)

const mongo = await startMongo({ members: 3 })
try {
  const decisions = Number(values.decisions)
  const { findings, figures } = await runChaos({ uri: mongo.uri, decisions, seed, quietSeconds: 180, progress })
  for (const { promise, id, detail } of findings.slice(0, 50)) console.log(`BROKEN ${promise} ${id} ${detail}`)
  console.table({ ...figures, broken: findings.length })
  process.exitCode = findings.length > 0 ? 1 : 0
} finally {
  await mongo.stop()
}
