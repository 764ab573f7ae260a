import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { type Mongo, startMongo } from '../support/mongod.js'
import { runChaos } from './run.js'

const decisions = 80
const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32))
// few clients at a time take long enough for some processes to die
const atOnce = 16
const inlineSender = new URL('./inline_sender.js', import.meta.url).href

describeMongo('notifications while provider processes die', () => {
  let mongo: Mongo

  beforeAll(async () => {
    process.stderr.write(`notifications while provider processes die: CHAOS_SEED=${seed}\n`)
    mongo = await startMongo({ members: 3 })
  })
  afterAll(() => mongo?.stop())

  test('a planted sender that sends once, from the process that decided, is caught losing some', async () => {
    const extent = { uri: mongo.uri, decisions: 32, atOnce, seed, quietSeconds: 3 }
    const { findings } = await runChaos({ ...extent, sender: inlineSender })
    expect(findings.filter(({ promise }) => promise === 'lost').length).toBeGreaterThan(0)
  })

  test('E-24 O-090 every decision is told, none before its exchange is over, and none twice without a fault', async () => {
    const { findings, figures } = await runChaos({ uri: mongo.uri, decisions, atOnce, seed, quietSeconds: 240 })
    process.stderr.write(`${JSON.stringify(figures)}\n`)
    expect(findings).toEqual([])
    expect(figures.decisions).toBe(decisions)
    expect(figures.kills).toBeGreaterThan(0)
  }, 600_000)
})
