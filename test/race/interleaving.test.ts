import * as fc from 'fast-check'
import { type DeferralRecord, type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { newId } from '../../lib/deferral/handle.js'
import { pollOutcome } from '../../lib/deferral/outcome.js'
import { type Records, recordsOf } from '../../lib/deferral/records.js'
import { type Approved, redeem } from '../../lib/deferral/redemption.js'
import * as to from '../../lib/deferral/transitions.js'
import { issuer } from '../support/records.js'
import * as naive from './naive_stores.js'

const interleavings = 600
const start = new Date('2026-01-01T00:00:00Z')
const lifetime = 600

/** Of one interleaving: what was told to whom, and when. */
interface Outcome {
  handles: number
  /** when the database wrote it */
  disclosed: Date[]
  /** sets of tokens that are alive */
  left: number
  cancellations: number
  decisions: string[]
  record: DeferralRecord
}

/** Every call waits for its turn before it is made, and its answer for another one before it is heard. */
function scheduled<T extends object>(scheduler: fc.Scheduler, target: T): T {
  return new Proxy(target, {
    get: (inner, name) => {
      const method = Reflect.get(inner, name) as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), `before ${String(name)}`)
        const result = await method(...args)
        await scheduler.schedule(Promise.resolve(), `after ${String(name)}`)
        return result
      }
    },
  })
}

/** A database with a clock of its own. */
function databaseAt(clock: () => Date): DeferralStore {
  const store = memoryStore()
  return {
    ...store,
    insert: (record, writeId, entry) => store.insert(record, writeId, entry, clock()),
    find: (id) => store.find(id, clock()),
    swap: (before, change, writeId) => store.swap(before, change, writeId, clock()),
  }
}

/** A poll, as far as it redeems; `minted` sets of tokens are left of it. */
async function redeemAt(scheduler: fc.Scheduler, records: Records, id: string) {
  const read = await records.find(id)
  if (!read || pollOutcome(read, read.readAt) !== 'redeem') return { redeemed: undefined, minted: 0 }
  let minted = 0
  const mint = async () => {
    await scheduler.schedule(Promise.resolve(), 'mint')
    minted = 1
    return undefined
  }
  const discard = async () => {
    minted = 0
  }
  const redeemed = await redeem(records, read as Approved, { mint, discard })
  return { redeemed, minted }
}

/** A store, spoilt. */
type Spoil = (store: DeferralStore) => DeferralStore

/** Two exchanges and two decisions, then three polls, a denial, the expiry and maybe a cancellation, each on its node, in any order. */
async function play(scheduler: fc.Scheduler, spoil: Spoil, isCancelled: boolean): Promise<Outcome> {
  let now = start
  const store = spoil(
    scheduled(
      scheduler,
      databaseAt(() => now),
    ),
  )
  const node = () => recordsOf(store, { issuer, retention: 86_400, clock: () => undefined, onWritten: () => {} })
  const outcome = { handles: 0, disclosed: [] as Date[], left: 0, cancellations: 0, decisions: [] as string[] }
  const id = newId()

  async function exchange() {
    if (await node().transit(id, to.exchange({ handleHash: newId() }))) outcome.handles += 1
  }
  async function decide(status: 'approved' | 'denied') {
    if (await node().transit(id, to.decide(status, { by: status }))) outcome.decisions.push(status)
  }
  async function poll() {
    const { redeemed, minted } = await redeemAt(scheduler, node(), id)
    if (redeemed) outcome.disclosed.push(redeemed.readAt)
    outcome.left += minted
  }
  async function cancel() {
    if (await node().transit(id, to.cancel())) outcome.cancellations += 1
  }
  async function outlive() {
    await scheduler.schedule(Promise.resolve(), 'the deferral expires')
    now = new Date(start.getTime() + lifetime * 1000)
  }

  const request = { profile: 'openid' as const, clientId: 'c', scope: ['openid'], resource: [], source: {} }
  await scheduler.waitFor(node().create({ id, ...request, interval: 5, lifetime, expiresIn: 60 }))
  await scheduler.waitFor(Promise.all([exchange(), exchange(), decide('approved'), decide('denied')]))
  await scheduler.waitFor(Promise.all([poll(), poll(), poll(), decide('denied'), outlive(), isCancelled && cancel()]))
  const record = (await scheduler.waitFor(node().find(id))) as DeferralRecord
  return { ...outcome, record }
}

function expectSound({ handles, disclosed, left, cancellations, decisions, record }: Outcome): void {
  expect(handles).toBe(1)
  expect(decisions).toEqual([record.status === 'denied' ? 'denied' : 'approved'])
  expect([disclosed.length, cancellations]).toEqual(
    { redeemed: [1, 0], cancelled: [0, 1], denied: [0, 0], approved: [0, 0], pending: [] }[record.status],
  )
  expect(left).toBe(disclosed.length)
  for (const at of disclosed) expect(at < record.expiresAt).toBe(true)
}

/** Plays many interleavings; a failure prints the seed and the shortest one. */
async function explore(spoil: Spoil, numRuns: number, seen?: (of: Outcome) => void) {
  const seed = Date.now() % 2 ** 31
  process.stderr.write(`interleaving: ${numRuns} runs, seed ${seed}\n`)
  const property = fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, isCancelled) => {
    const outcome = await play(scheduler, spoil, isCancelled)
    seen?.(outcome)
    expectSound(outcome)
  })
  await fc.assert(property, { numRuns, seed })
}

test.each([
  ['a redemption that no write decides', naive.undecided],
  ['a swap without the revision in its filter', naive.unchecked],
  ['an answer before the swap', naive.hasty],
  ['a redemption that marks before it mints', naive.burning],
  ['a swap that does not look at the time', naive.ageless],
])('I1, I3, I5, T1: some interleaving is the undoing of %s', async (_what, spoil) => {
  await expect(explore(spoil, interleavings)).rejects.toThrow('Property failed')
})

test(`I1, I3, I5, T1: no interleaving of ${interleavings} is ours`, async () => {
  const ends = new Set<string>()
  await explore(
    (store) => store,
    interleavings,
    ({ record }) => ends.add(record.status),
  )
  expect([...ends].sort()).toEqual(['approved', 'cancelled', 'denied', 'redeemed'])
})
