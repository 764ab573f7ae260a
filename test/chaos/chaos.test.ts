import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { type Mongo, startMongo } from '../support/mongod.js'
import { runChaos } from './run.js'

const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32))
const inlineSender = new URL('./inline_sender.js', import.meta.url).href

describeMongo('notifications while provider processes die', () => {
  let mongo: Mongo

  beforeAll(async () => {
    process.stderr.write(`notifications while provider processes die: CHAOS_SEED=${seed}\n`)
    mongo = await startMongo({ members: 3 })
  })
  afterAll(() => mongo?.stop())

  test('a planted sender that sends once, from the process that decided, is caught losing some', async () => {
    const extent = { uri: mongo.uri, decisions: 100, seed, quietSeconds: 3 }
    const { findings } = await runChaos({ ...extent, sender: inlineSender })
    expect(findings.filter(({ promise }) => promise === 'lost').length).toBeGreaterThan(0)
  })

  test('E-24 O-090 every decision is told, none before its exchange is over, and none twice without a fault', async () => {
    const { findings, figures } = await runChaos({ uri: mongo.uri, decisions: 500, seed, quietSeconds: 150 })
    process.stderr.write(`${JSON.stringify(figures)}\n`)
    expect(findings).toEqual([])
    expect(figures.decisions).toBe(500)
  })
})
