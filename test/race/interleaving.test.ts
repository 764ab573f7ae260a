import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { type DeferralRecord, type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { redeem } from '../../lib/deferral/redemption.js'
import { naiveStore } from './naive_store.js'

const interleavings = 1_500
const start = new Date('2026-01-01T00:00:00Z')

/** Of one interleaving: what was told to whom. */
interface Outcome {
  handles: number
  disclosed: number
  left: number
  cancellations: number
  decisions: string[]
  record: DeferralRecord
}

type Ended = 'redeemed' | 'cancelled' | 'denied'

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

function memoryRows() {
  const rows = new Map<string, DeferralRecord>()
  return {
    get: async (id: string) => structuredClone(rows.get(id)),
    put: async (record: DeferralRecord) => void rows.set(record.id, structuredClone(record)),
  }
}

const ours = (scheduler: fc.Scheduler) => scheduled(scheduler, memoryStore())
const naive = (scheduler: fc.Scheduler) => naiveStore(scheduled(scheduler, memoryRows()))

/** Three redemptions, two decisions, two exchanges, a cancellation and a clock that outruns the lease, in any order. */
async function play(scheduler: fc.Scheduler, make: (scheduler: fc.Scheduler) => DeferralStore): Promise<Outcome> {
  const store = make(scheduler)
  let now = start
  const clock = () => now
  const outcome = { handles: 0, disclosed: 0, left: 0, cancellations: 0, decisions: [] as string[] }
  const id = newId()

  async function exchange() {
    if (await store.exchange(id, { handleHash: newId() }, clock())) outcome.handles += 1
  }
  async function decide(status: 'approved' | 'denied') {
    if (await store.decide(id, status, { by: status }, clock())) outcome.decisions.push(status)
  }
  async function poll() {
    let minted = 0
    const mint = async () => {
      await scheduler.schedule(Promise.resolve(), 'mint')
      minted = 1
    }
    const discard = async () => {
      minted = 0
    }
    const redeemed = await redeem(store, id, { mint, discard }, clock)
    if (redeemed) outcome.disclosed += 1
    outcome.left += minted
  }
  async function cancel() {
    if (await store.cancel(id, undefined, clock())) outcome.cancellations += 1
  }
  async function outrun() {
    await scheduler.schedule(Promise.resolve(), 'the lease ends')
    now = new Date(start.getTime() + 16_000)
  }

  const request = { profile: 'openid' as const, clientId: 'c', scope: ['openid'], resource: [], source: {} }
  const creation = store.create({ id, ...request, interval: 5, lifetime: 600, expiresIn: 60 }, start)
  await scheduler.waitFor(creation)
  await scheduler.waitFor(Promise.all([exchange(), exchange(), decide('approved'), decide('denied')]))
  await scheduler.waitFor(Promise.all([poll(), poll(), poll(), cancel(), decide('denied'), outrun()]))
  const record = (await scheduler.waitFor(store.find(id, now))) as DeferralRecord
  return { ...outcome, record }
}

function expectSound({ handles, disclosed, left, cancellations, decisions, record }: Outcome): void {
  expect(handles).toBe(1)
  expect(decisions).toHaveLength(1)
  expect([disclosed, cancellations]).toEqual(
    { redeemed: [1, 0], cancelled: [0, 1], denied: [0, 0] }[record.status as Ended],
  )
  expect(left).toBe(disclosed)
  if (record.status === 'denied') expect(decisions).toEqual(['denied'])
  else expect(decisions).toEqual(['approved'])
}

/** Plays many interleavings; a failure prints the seed and the shortest one. */
async function explore(
  make: (scheduler: fc.Scheduler) => DeferralStore,
  numRuns: number,
  seen?: (of: Outcome) => void,
) {
  const seed = Date.now() % 2 ** 31
  process.stderr.write(`interleaving: ${numRuns} runs, seed ${seed}\n`)
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const outcome = await play(scheduler, make)
    seen?.(outcome)
    expectSound(outcome)
  })
  await fc.assert(property, { numRuns, seed })
}

test('I1, I3, I5, T1: some interleaving is the undoing of naive_store', async () => {
  await expect(explore(naive, interleavings)).rejects.toThrow('Property failed')
})

test(`I1, I3, I5, T1: no interleaving of ${interleavings} is ours`, async () => {
  const ends = new Set<string>()
  await explore(ours, interleavings, ({ record }) => ends.add(record.status))
  expect([...ends].sort()).toEqual(['cancelled', 'denied', 'redeemed'])
}, 60_000)
