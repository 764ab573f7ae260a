import * as fc from 'fast-check'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { createOn, eraseAt, isPersonal, nodeOn, rivals } from './erasure_rivals.js'
import * as naive from './naive_stores.js'

const interleavings = 300

/** Every call waits for its turn before it is made, and its answer for another one before it is heard. */
function scheduled(scheduler: fc.Scheduler, store: DeferralStore): DeferralStore {
  return new Proxy(store, {
    get: (inner, name) => {
      const method = Reflect.get(inner, name) as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), `before ${String(name)}`)
        const result = await Reflect.apply(method, inner, args)
        await scheduler.schedule(Promise.resolve(), `after ${String(name)}`)
        return result
      }
    },
  })
}

/** Two nodes erase an account with two deferrals, one of them approved, while everybody else writes to both. */
async function play(scheduler: fc.Scheduler, spoil: (store: DeferralStore) => DeferralStore): Promise<void> {
  const plain = memoryStore()
  const quiet = nodeOn(plain)
  const ids = [await createOn(quiet), await createOn(quiet)]
  await rivals.exchange?.(quiet, ids[0] as string)
  await rivals.approve?.(quiet, ids[0] as string)
  const store = spoil(scheduled(scheduler, plain))
  const writers = ids.flatMap((id) => Object.values(rivals).map((write) => write(nodeOn(store), id)))
  const erasures = [eraseAt(nodeOn(store)), eraseAt(nodeOn(store))]
  const late = createOn(nodeOn(store))
  const [erased] = await scheduler.waitFor(Promise.all([Promise.all(erasures), late, ...writers]))
  // the third one came in time or it did not
  const rest = await eraseAt(quiet)
  expect([2, 3]).toContain(erased.reduce((sum, count) => sum + count, 0))
  expect(erased.reduce((sum, count) => sum + count, rest)).toBe(3)
  for (const id of [...ids, await late]) {
    const record = await quiet.find(id)
    expect(record?.erasedAt).toBeDefined()
    expect(isPersonal(record, await plain.history(id))).toBe(false)
  }
}

/** Plays many interleavings; a failure prints the seed and the shortest one. */
async function explore(spoil: (store: DeferralStore) => DeferralStore): Promise<void> {
  const seed = Date.now() % 2 ** 31
  process.stderr.write(`erasure interleaving: ${interleavings} runs, seed ${seed}\n`)
  const property = fc.asyncProperty(fc.scheduler(), (scheduler) => play(scheduler, spoil))
  await fc.assert(property, { numRuns: interleavings, seed, endOnFailure: true })
}

test.each([
  ['an erasure that reads and writes without the revision', naive.unchecked],
  ['a store that leaves the history as it is', naive.historic],
])('T1: some interleaving is the undoing of %s', async (_what, spoil) => {
  await expect(explore(spoil)).rejects.toThrow('Property failed')
})

test(`T1: in ${interleavings} interleavings each deferral is erased once, and nothing personal comes back`, async () => {
  await explore((store) => store)
})
