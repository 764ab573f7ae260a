import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DeferralRecord, type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { newDeferral, start } from './new_deferral.js'
import { type StepName, sealing, steps } from './notification_steps.js'

/** Seconds that pass before a verb: none, some, and those at which holds, leases, attempts and deferrals end. */
const pauses = fc.constantFrom(0, 0.5, 1, 5, 10, 15, 100, 585, 600)
const settle = ['settleDelivered', 'settleOwed', 'settleFailed', 'settleSuppressed'] as const
const verbs = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<StepName>('claim', 'claim', 'arm', 'extend', 'replay') },
  { weight: 1, arbitrary: fc.constantFrom<StepName>(...settle) },
  { weight: 1, arbitrary: fc.constantFrom<StepName>('approve', 'deny', 'cancel', 'cancelByClient', 'redeem') },
)
const histories = fc.record({
  isHeldFromTheStart: fc.boolean(),
  decidedFirst: fc.boolean(),
  moves: fc.array(fc.tuple(verbs, pauses), { minLength: 3, maxLength: 14 }),
})

describeMongo('the two stores', () => {
  let database: TestDatabase
  let mongo: DeferralStore
  const memory = memoryStore()

  beforeAll(async () => {
    database = await testDatabase()
    mongo = mongoStore(database.db)
  })

  afterAll(() => database.drop())

  test('agree on every history of a notification', async () => {
    const seed = Number(process.env.RACE_SEED ?? Date.now() % 2 ** 31)
    process.stderr.write(`notifications of two stores: seed ${seed}\n`)
    const seen = new Set<string | undefined>()
    const property = fc.asyncProperty(histories, async ({ isHeldFromTheStart, decidedFirst, moves }) => {
      const held = isHeldFromTheStart && { handleHash: 'hash', sealing }
      const request = newDeferral({ ...held, expiresIn: 600 })
      let now = start
      const both = async (verb: (store: DeferralStore) => Promise<unknown>) => {
        const [one, other] = (await Promise.all([verb(memory), verb(mongo)])) as (DeferralRecord | undefined)[]
        expect(comparable(other)).toEqual(comparable(one))
        seen.add(one?.notification?.status)
      }
      await both((store) => store.create(request, now))
      if (decidedFirst) await both((store) => steps.approve(store, request.id, now))
      if (!isHeldFromTheStart) await both((store) => steps.exchange(store, request.id, now))
      for (const [name, pause] of moves) {
        now = new Date(now.getTime() + pause * 1000)
        await both((store) => steps[name](store, request.id, now))
      }
      await both((store) => store.find(request.id, now))
    })
    await fc.assert(property, { numRuns: 100, seed })
    expect(seen.size).toBe(6)
  })
})

/** Without what only one of them keeps, and with the handle that every exchange makes anew. */
function comparable(record: DeferralRecord | undefined): unknown {
  if (!record) return undefined
  const { _id, schemaVersion, purgeAt, handleHash, ...rest } = record as DeferralRecord & Record<string, unknown>
  return rest
}
