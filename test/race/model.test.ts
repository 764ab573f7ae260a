import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { type DeferralRecord, type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { newId } from '../../lib/deferral/handle.js'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { codeSeconds, created, type Event, lifetimeSeconds, type Model, next } from './model.js'
import { naiveStore } from './naive_store.js'

const start = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(start + seconds * 1000)

const names = ['exchange', 'approve', 'deny', 'progress', 'cancel', 'extend', 'claim', 'finalise', 'release']
const by = fc.constantFrom('one', 'two')
const events: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ name: fc.constantFrom('exchange', 'approve', 'exchange', 'approve', 'deny', 'progress', 'cancel') }),
  fc.record({ name: fc.constant('claim'), by, seconds: fc.constant(15) }),
  fc.record({ name: fc.constant('extend'), seconds: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ name: fc.constant('advance'), seconds: fc.constantFrom(1, 14, 15, 59, 60, 599, 600) }),
  fc.record({ name: fc.constant('finalise'), by, fence: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ name: fc.constant('release'), by }),
)

/** Histories start anywhere on the way to a redemption, or they would seldom get there. */
const way: Event[] = [
  { name: 'exchange' },
  { name: 'approve' },
  { name: 'claim', by: 'one', seconds: 15 },
  { name: 'finalise', by: 'one', fence: 1 },
]
const histories = fc
  .tuple(fc.integer({ min: 0, max: way.length }), fc.array(events, { minLength: 1, maxLength: 12 }))
  .map(([steps, rest]) => [...way.slice(0, steps), ...rest])

function perform(
  store: DeferralStore,
  id: string,
  event: Exclude<Event, { name: 'advance' }>,
  now: Date,
): Promise<DeferralRecord | undefined> {
  switch (event.name) {
    case 'exchange':
      return store.exchange(id, { handleHash: newId() }, now)
    case 'approve':
      return store.decide(id, 'approved', {}, now)
    case 'deny':
      return store.decide(id, 'denied', {}, now)
    case 'progress':
      return store.progress(id, { step: 'review' }, now)
    case 'cancel':
      return store.cancel(id, undefined, now)
    case 'extend':
      return store.extend(id, event.seconds, now)
    case 'claim':
      return store.claim(id, event.by, event.seconds, now)
    case 'finalise':
      return store.finalise(id, { id: event.by, fence: event.fence }, now)
    case 'release':
      return store.release(id, event.by, now)
  }
}

/** The record in the terms of the model. */
const inTerms = ({ status, exchangedAt, expiresAt, fence, claim }: DeferralRecord): Model => ({
  status,
  exchanged: exchangedAt !== undefined,
  endsAt: (expiresAt.getTime() - start) / 1000,
  fence,
  ...(claim && { claim: { by: claim.id, until: (claim.until.getTime() - start) / 1000 } }),
})

/** Store and model go through the same history; they must agree on every answer and on what is there afterwards. */
async function agree(store: DeferralStore, history: Event[], met: Set<string>): Promise<void> {
  const id = newId()
  const request = { id, profile: 'openid' as const, clientId: 'client', scope: [], resource: [], source: {} }
  await store.create({ ...request, interval: 5, lifetime: lifetimeSeconds, expiresIn: codeSeconds }, at(0))
  let model = created(0)
  let now = 0
  for (const event of history) {
    if (event.name === 'advance') {
      now += event.seconds
      continue
    }
    const expected = next(model, event, now)
    const record = await perform(store, id, event, at(now))
    expect([event.name, record && inTerms(record)]).toEqual([event.name, expected])
    met.add(`${event.name} ${expected ? 'passed' : 'refused'}`)
    model = expected ?? model
    expect(inTerms((await store.find(id, at(now))) as DeferralRecord)).toEqual(model)
  }
}

/** Prints the seed; a failure prints it again with the shortest history that fails. */
async function check(store: DeferralStore, numRuns: number, seed = Date.now() % 2 ** 31): Promise<void> {
  process.stderr.write(`model: ${numRuns} histories, seed ${seed}\n`)
  const met = new Set<string>()
  await fc.assert(
    fc.asyncProperty(histories, (history) => agree(store, history, met)),
    { numRuns, seed },
  )
  // every event was met in both of its outcomes
  expect([...met].sort()).toEqual(names.flatMap((name) => [`${name} passed`, `${name} refused`]).sort())
}

test('I1, I3, I5, I6: the model catches naive_store, which finalises without a claim', async () => {
  const rows = new Map<string, DeferralRecord>()
  const naive = naiveStore({
    get: async (id) => structuredClone(rows.get(id)),
    put: async (record) => void rows.set(record.id, structuredClone(record)),
  })
  await expect(check(naive, 1_000)).rejects.toThrow('Property failed')
})

test(
  'I1, I3, I5, I6: memoryStore does what the model does in 2,000 histories',
  () => check(memoryStore(), 2_000),
  60_000,
)

describeMongo('on MongoDB', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.drop())

  test(
    'I1, I3, I5, I6: mongoStore does what the model does in 150 histories',
    () => check(mongoStore(database.db), 150),
    60_000,
  )
})
