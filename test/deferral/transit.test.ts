import { type DeferralStore, memoryStore, type Stored } from 'oidc-provider-deferred'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { newId } from '../../lib/deferral/handle.js'
import { begin, stamp, transit } from '../../lib/deferral/transit.js'
import type { Transition } from '../../lib/deferral/transition.js'
import { created, decide, progress } from '../../lib/deferral/transitions.js'
import { at, newDeferral, start } from '../store/new_deferral.js'
import { observedStore } from '../support/observed.js'

const entry = { at: start, event: 'created' }
const now = at(1)
const approve = decide('approved', {})

async function begun(store: DeferralStore): Promise<Stored> {
  const record = created(
    newDeferral({ handleHash: 'hash' }),
    { issuer: 'https://op.example', retention: 86_400 },
    start,
  )
  return (await begin(store, record, entry, start)) as Stored
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('what the caller has read', () => {
  test('saves the read, and a guard that fails on it proves nothing', async () => {
    const { store, calls } = observedStore()
    const known = await begun(store)
    calls.length = 0
    expect(await transit(store, known.id, progress({ step: 'review' }), { snapshot: known, now })).toBeDefined()
    expect(calls).toEqual(['swap progress'])
    const decided: Transition = (record) => (record.progress ? approve(record, now) : undefined)
    expect(await transit(store, known.id, decided, { snapshot: known, now })).toMatchObject({ record: { revision: 2 } })
    expect(calls.slice(1)).toEqual(['find', 'swap approved'])
  })

  test('may be out of date: a missed swap reads again', async () => {
    const { store, calls } = observedStore()
    const known = await begun(store)
    await transit(store, known.id, progress({ step: 'review' }), { now })
    calls.length = 0
    expect(await transit(store, known.id, approve, { snapshot: known, now })).toMatchObject({
      record: { progress: { step: 'review' } },
    })
    expect(calls).toEqual(['swap approved', 'find', 'swap approved'])
    expect(await transit(store, known.id, approve, { snapshot: known, now })).toBeUndefined()
    expect(calls.slice(3)).toEqual(['swap approved', 'find'])
  })

  test('ages by the stopwatch of this node, what was written with it as well', async () => {
    const store = memoryStore()
    const instants: number[] = []
    const watch: Transition = (record, instant) => {
      instants.push(instant.getTime())
      return { after: { ...record, progress: { step: newId() } } }
    }
    let elapsed = 1000
    vi.spyOn(performance, 'now').mockImplementation(() => elapsed)
    const { id } = await begun(store)
    const known = { ...((await store.find(id)) as Stored), readAt: at(0) }
    stamp(known, elapsed)
    elapsed += 5000
    const fixed = {
      ...store,
      swap: (...[before, change, writeId]: Parameters<DeferralStore['swap']>) =>
        store.swap(before, change, writeId, before.readAt),
    }
    const written = await transit(fixed, id, watch, { snapshot: known })
    elapsed += 7000
    await transit(fixed, id, watch, { snapshot: written!.record })
    expect(instants).toEqual([at(5).getTime(), at(12).getTime()])
  })
})

describe('many at once', () => {
  test('on one node are one after the other: nobody swaps in vain, and a fault stops nobody', async () => {
    const { store, calls, failNext } = observedStore()
    const { id } = await begun(store)
    calls.length = 0
    failNext('find')
    const steps = Array.from({ length: 8 }, (_, nth) => transit(store, id, progress({ step: `step ${nth}` }), { now }))
    const outcomes = await Promise.allSettled(steps)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...Array.from({ length: 7 }, () => 'fulfilled')])
    expect(calls).toEqual(['find', ...Array.from({ length: 7 }, () => ['find', 'swap progress']).flat()])
  })

  test('a call of the store that never ends holds the others up for ten seconds, one after the other, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date'] })
    const { store, interrupt } = observedStore()
    const { id } = await begun(store)
    const hanging = () => new Promise(() => undefined)
    interrupt('swap progress', hanging)
    const outcome = vi.fn()
    void transit(store, id, progress({ step: 'hangs' }), { now }).then(outcome, outcome)
    const approval = transit(store, id, approve, { now }).finally(outcome)
    await vi.advanceTimersByTimeAsync(9_990)
    expect(outcome).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(20)
    expect(await approval).toMatchObject({ record: { status: 'approved', revision: 1 } })
    expect(await transit(store, id, approve, { now })).toBeUndefined()
  })

  test('who always comes too late is told that it is not known, after twenty tries, and never that it was refused', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { store, calls } = observedStore()
    const { id } = await begun(store)
    const late = {
      ...store,
      swap: (...args: Parameters<DeferralStore['swap']>) => store.swap({ ...args[0], revision: -1 }, args[1], args[2]),
    }
    await expect(transit(late, id, approve, { now })).rejects.toThrow(/too many writes/)
    expect(calls.filter((call) => call === 'swap approved')).toHaveLength(20)
  })

  test('an unknown id is nobody’s', async () => {
    const { store, calls } = observedStore()
    expect(await transit(store, newId(), approve, { now })).toBeUndefined()
    expect(calls).toEqual(['find'])
  })
})
