import * as fc from 'fast-check'
import { type DeferralRecord, type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../lib/deferral/handle.js'
import { pollOutcome } from '../../lib/deferral/outcome.js'
import type { NewDeferral } from '../../lib/deferral/store.js'
import type { Minted } from '../../lib/deferral/transitions.js'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { verbsOn } from '../support/records.js'
import { codeSeconds, created, type Event, lifetimeSeconds, type Model, next, outcome, requested } from './model.js'
import { hoarding } from './naive_stores.js'

type Verbs = ReturnType<typeof verbsOn>

const start = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(start + seconds * 1000)

const plain = ['request', 'exchange', 'progress', 'cancel', 'requireInteraction', 'resume', 'redeem', 'expire'] as const
const names = [...plain, 'approve', 'deny', 'extend']
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
  fc.record({ name: fc.constantFrom(...plain, 'exchange', 'resume') }),
  fc.record({ name: fc.constantFrom('approve' as const, 'deny' as const), by }),
  fc.record({ name: fc.constant('extend' as const), seconds: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ name: fc.constant('advance' as const), seconds: fc.constantFrom(1, 14, 15, 59, 60, 599, 600) }),
)

const approve: Event = { name: 'approve', by: 'one' }

/** Histories start anywhere on the way to a redemption, or they would seldom get there. */
const way: Event[] = [{ name: 'exchange' }, approve, { name: 'redeem' }]
const histories = fc
  .tuple(fc.integer({ min: 0, max: way.length }), fc.array(events, { minLength: 1, maxLength: 12 }))
  .map(([steps, rest]) => [...way.slice(0, steps), ...rest])
const refused: Event[] = [
  ...(['exchange', 'progress', 'requireInteraction', 'resume', 'redeem'] as const).map((name) => ({ name })),
  { name: 'approve', by: 'two' },
  { name: 'deny', by: 'two' },
  { name: 'extend', seconds: 60 },
]
/** Histories that chance may leave out; between them every event passes, and is refused. */
const examples: ['openid' | 'oauth', Event[]][] = [
  ['openid', [...way, ...refused, { name: 'cancel' }, { name: 'expire' }]],
  [
    'oauth',
    [
      { name: 'request' },
      { name: 'requireInteraction' },
      { name: 'resume' },
      { name: 'progress' },
      { name: 'deny', by: 'one' },
    ],
  ],
  ['oauth', [{ name: 'extend', seconds: 900 }, approve, { name: 'cancel' }]],
  ['openid', [{ name: 'advance', seconds: 60 }, ...refused, { name: 'expire' }, { name: 'cancel' }]],
]
const profiles = fc.constantFrom('openid' as const, 'oauth' as const)

const newDeferral = (id: string, profile: 'openid' | 'oauth'): NewDeferral => ({
  ...{ id, profile, clientId: 'client', scope: [], resource: [], source: {}, interval: 5, lifetime: lifetimeSeconds },
  ...(profile === 'openid' ? { expiresIn: codeSeconds } : { expiresIn: lifetimeSeconds, handleHash: newId() }),
})

function perform(
  store: Verbs,
  id: string,
  event: Exclude<Event, { name: 'advance' }>,
  now: Date,
): Promise<DeferralRecord | undefined> {
  switch (event.name) {
    case 'request':
      return store.create(newDeferral(id, 'oauth'), now)
    case 'exchange':
      return store.exchange(id, { handleHash: newId() }, now)
    case 'approve':
      return store.decide(id, 'approved', { by: event.by }, now)
    case 'deny':
      return store.decide(id, 'denied', { by: event.by }, now)
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
    case 'redeem':
      return redeem(store, id, now)
    case 'expire':
      return store.expire(id, now)
  }
}

// tokens are minted from what is there
async function redeem(store: Verbs, id: string, now: Date): Promise<DeferralRecord | undefined> {
  const { decision = {}, decidedAt = now } = { ...(await store.find(id, now)) } as Partial<Minted>
  return store.redeem(id, { decision, decidedAt }, now)
}

/** The record in the terms of the model. */
const inTerms = ({ status, exchangedAt, expiresAt, expiredAt, interaction, ...record }: DeferralRecord): Model => ({
  status,
  asks: interaction !== undefined,
  exchanged: exchangedAt !== undefined,
  endsAt: (expiresAt.getTime() - start) / 1000,
  ...('decision' in record && record.decision?.by !== undefined && { by: String(record.decision.by) }),
  swept: expiredAt !== undefined,
})

/** Store and model go through the same history; they must agree on every answer and on what is there afterwards. */
async function agree(store: Verbs, profile: 'openid' | 'oauth', history: Event[], met: Set<string>): Promise<void> {
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
    fc.asyncProperty(profiles, histories, (profile, history) => agree(verbsOn(store), profile, history, met)),
    { numRuns, seed, examples },
  )
  // every event was met in both of its outcomes, and every answer to a poll was given
  const ends = names.flatMap((name) => [`${name} passed`, `${name} refused`])
  expect([...met].sort()).toEqual([...ends.filter((one) => one !== 'request passed'), ...answers].sort())
}

test('I1, I3, I5, I6: the model catches a store that never takes a member away', async () => {
  await expect(check(hoarding(memoryStore()), 1_000)).rejects.toThrow('Property failed')
})

test('I1, I3, I5, I6: memoryStore does what the model does in 400 histories', () => check(memoryStore(), 400))

describeMongo('on MongoDB', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.drop())

  test('I1, I3, I5, I6: mongoStore does what the model does in 60 histories', () => check(mongoStore(database.db), 60))
})
