import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { type DeferralRecord, type DeferralStore, memoryStore, type NewDeferral } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { newId } from '../../lib/deferral/handle.js'
import { pollOutcome } from '../../lib/deferral/outcome.js'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { codeSeconds, created, type Event, lifetimeSeconds, type Model, next, outcome, requested } from './model.js'
import { naiveStore } from './naive_store.js'

const start = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(start + seconds * 1000)

const plain = ['request', 'exchange', 'approve', 'deny', 'progress', 'cancel', 'requireInteraction', 'resume'] as const
const names = [...plain, 'extend', 'claim', 'finalise', 'release']
const answers = [
  'invalid_grant',
  'expired_token',
  'redeem',
  'access_denied',
  'interaction_required',
  'authorization_pending',
]
const by = fc.constantFrom('one', 'two')
const events: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ name: fc.constantFrom(...plain, 'exchange', 'approve', 'resume') }),
  fc.record({ name: fc.constant('claim'), by, seconds: fc.constant(15) }),
  fc.record({ name: fc.constant('extend'), seconds: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ name: fc.constant('advance'), seconds: fc.constantFrom(1, 14, 15, 59, 60, 599, 600) }),
  fc.record({ name: fc.constant('finalise'), by, fence: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ name: fc.constant('release'), by }),
)

const claim: Event = { name: 'claim', by: 'one', seconds: 15 }

/** Histories start anywhere on the way to a redemption, or they would seldom get there. */
const way: Event[] = [{ name: 'exchange' }, { name: 'approve' }, claim, { name: 'finalise', by: 'one', fence: 1 }]
const histories = fc
  .tuple(fc.integer({ min: 0, max: way.length }), fc.array(events, { minLength: 1, maxLength: 12 }))
  .map(([steps, rest]) => [...way.slice(0, steps), ...rest])
const refused: Event[] = [
  ...(['exchange', 'approve', 'deny', 'progress', 'requireInteraction', 'resume', 'cancel'] as const).map((name) => ({
    name,
  })),
  { name: 'extend', seconds: 60 },
  claim,
  { name: 'finalise', by: 'two', fence: 1 },
  { name: 'release', by: 'two' },
]
/** Histories that chance may leave out; between them every event passes, and is refused. */
const examples: ['openid' | 'oauth', Event[]][] = [
  ['openid', [...way, ...refused]],
  [
    'oauth',
    [{ name: 'request' }, { name: 'requireInteraction' }, { name: 'resume' }, { name: 'progress' }, { name: 'deny' }],
  ],
  [
    'oauth',
    [{ name: 'extend', seconds: 900 }, { name: 'approve' }, claim, { name: 'release', by: 'one' }, { name: 'cancel' }],
  ],
  ['openid', [{ name: 'advance', seconds: 60 }, ...refused]],
]
const profiles = fc.constantFrom('openid' as const, 'oauth' as const)

const newDeferral = (id: string, profile: 'openid' | 'oauth'): NewDeferral => ({
  ...{ id, profile, clientId: 'client', scope: [], resource: [], source: {}, interval: 5, lifetime: lifetimeSeconds },
  ...(profile === 'openid' ? { expiresIn: codeSeconds } : { expiresIn: lifetimeSeconds, handleHash: newId() }),
})

function perform(
  store: DeferralStore,
  id: string,
  event: Exclude<Event, { name: 'advance' }>,
  now: Date,
): Promise<DeferralRecord | undefined> {
  switch (event.name) {
    case 'request':
      return store.create(newDeferral(id, 'oauth'), now).catch(() => undefined)
    case 'exchange':
      return store.exchange(id, { handleHash: newId() }, now)
    case 'approve':
      return store.decide(id, 'approved', {}, now)
    case 'deny':
      return store.decide(id, 'denied', {}, now)
    case 'progress':
      return store.progress(id, { step: 'review' }, now)
    case 'requireInteraction':
      return store.requireInteraction(id, { uri: 'https://op.example/confirm' }, now)
    case 'resume':
      return store.resume(id, now)
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
const inTerms = ({ status, exchangedAt, expiresAt, fence, claim, interaction }: DeferralRecord): Model => ({
  status,
  asks: interaction !== undefined,
  exchanged: exchangedAt !== undefined,
  endsAt: (expiresAt.getTime() - start) / 1000,
  fence,
  ...(claim && { claim: { by: claim.id, until: (claim.until.getTime() - start) / 1000 } }),
})

/** Store and model go through the same history; they must agree on every answer and on what is there afterwards. */
async function agree(
  store: DeferralStore,
  profile: 'openid' | 'oauth',
  history: Event[],
  met: Set<string>,
): Promise<void> {
  const id = newId()
  await store.create(newDeferral(id, profile), at(0))
  let model = profile === 'openid' ? created(0) : requested(0)
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
    const found = (await store.find(id, at(now))) as DeferralRecord
    expect([inTerms(found), pollOutcome(found, found.readAt)]).toEqual([model, outcome(model, now)])
    met.add(outcome(model, now))
  }
}

/** Prints the seed; a failure prints it again with the shortest history that fails. */
async function check(store: DeferralStore, numRuns: number, seed = Date.now() % 2 ** 31): Promise<void> {
  process.stderr.write(`model: ${numRuns} histories, seed ${seed}\n`)
  const met = new Set<string>()
  await fc.assert(
    fc.asyncProperty(profiles, histories, (profile, history) => agree(store, profile, history, met)),
    { numRuns, seed, examples },
  )
  // every event was met in both of its outcomes, and every answer to a poll was given
  const ends = names.flatMap((name) => [`${name} passed`, `${name} refused`])
  expect([...met].sort()).toEqual([...ends.filter((one) => one !== 'request passed'), ...answers].sort())
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
