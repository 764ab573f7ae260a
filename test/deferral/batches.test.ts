import { type Change, type DeferralStore, memoryStore, type Stored, type Swap } from 'oidc-provider-deferred'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { batchedSwap } from '../../lib/deferral/batches.js'
import { begin, transit } from '../../lib/deferral/transit.js'
import { created, progress } from '../../lib/deferral/transitions.js'
import { at, newDeferral, start } from '../store/new_deferral.js'

const entry = { at: start, event: 'created' }
const now = at(1)

/** A store in memory that can swap several, the size of each batch, and some records. */
async function bench(count: number, swapAll?: (inner: DeferralStore, swaps: readonly Swap[]) => Promise<unknown[]>) {
  const inner = memoryStore()
  const sizes: number[] = []
  const alone = vi.fn(inner.swap)
  const store: DeferralStore = {
    ...inner,
    swap: alone,
    swapAll(swaps) {
      sizes.push(swaps.length)
      return (swapAll ?? swapEach)(inner, swaps) as ReturnType<NonNullable<DeferralStore['swapAll']>>
    },
  }
  const records = await Promise.all(
    Array.from({ length: count }, () => {
      const record = created(newDeferral(), { issuer: 'https://op.example', retention: 86_400 }, start)
      return begin(inner, record, entry, start) as Promise<Stored>
    }),
  )
  return { store, inner, sizes, alone, records }
}

function swapEach(store: DeferralStore, swaps: readonly Swap[]): Promise<unknown[]> {
  return Promise.all(swaps.map((swap) => store.swap(swap.before, swap.change, swap.writeId, swap.now)))
}

/** One step of each record, with these swaps. */
function stepAll(store: DeferralStore, records: Stored[]) {
  const swap = batchedSwap(store)
  const step = (snapshot: Stored) => transit(store, snapshot.id, progress({ step: 'x' }), { snapshot, now, swap })
  return Promise.all(records.map(step))
}

async function expectOneStepEach(store: DeferralStore, records: Stored[]): Promise<void> {
  for (const { id } of records)
    expect((await store.history(id)).map(({ event }) => event)).toEqual(['created', 'progress'])
}

afterEach(() => {
  vi.useRealTimers()
})

describe('swaps in batches', () => {
  test('those of one moment go together, at most 64 in one batch', async () => {
    const { store, inner, sizes, records } = await bench(70)
    expect((await stepAll(store, records)).every(Boolean)).toBe(true)
    expect(sizes).toEqual([64, 6])
    await expectOneStepEach(inner, records)
  })

  test('requests get through while the callers of a batch get their results', async () => {
    const { store, records } = await bench(64)
    let turns = 0
    const count = () => {
      turns += 1
      next = setImmediate(count)
    }
    const swap = batchedSwap(store)
    const turnOf = (before: Stored) => {
      const change = progress({ step: 'x' })(before, now)
      return swap(before, change as Change, `write of ${before.id}`, now).then(() => turns)
    }
    let next = setImmediate(count)
    const all = await Promise.all(records.map(turnOf))
    clearImmediate(next)
    const perTurn = new Map(all.map((turn) => [turn, all.filter((other) => other === turn).length]))
    expect(Math.max(...perTurn.values())).toBe(8)
  })

  test('one alone, and each one in a store that cannot swap several, goes by swap', async () => {
    const { store, inner, sizes, alone, records } = await bench(3)
    await stepAll(store, records.slice(0, 1))
    const { swapAll, ...simple } = store
    await stepAll(simple, records.slice(1))
    expect([sizes.length, alone.mock.calls.length]).toEqual([0, 3])
    await expectOneStepEach(inner, records)
  })

  test.each([
    ['were made', swapEach],
    ['were not made', async () => []],
  ])('when the reply of a batch is lost, all its swaps are in doubt, and made once: they %s', async (_name, work) => {
    const { store, inner, records } = await bench(8, async (...args) => {
      await work(...args)
      throw new Error('planted: the reply is lost')
    })
    expect((await stepAll(store, records)).every(Boolean)).toBe(true)
    await expectOneStepEach(inner, records)
  })

  test('one in doubt is looked up, the others are not', async () => {
    const { store, inner, alone, records } = await bench(8, async (...args) => {
      const results = await swapEach(...args)
      return results.map((result, nth) => (nth === 3 ? new Error('planted: unknown') : result))
    })
    const find = vi.spyOn(store, 'find')
    expect((await stepAll(store, records)).every(Boolean)).toBe(true)
    expect(find.mock.calls).toEqual([[records[3]?.id, now, true]])
    expect(alone).not.toHaveBeenCalled()
    await expectOneStepEach(inner, records)
  })

  test('a batch that hangs delays those behind it by 20 ms, and its own swaps by three seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] })
    let isFirst = true
    const { store, inner, records } = await bench(4, (...args) => {
      const hangs = isFirst
      isFirst = false
      return hangs ? new Promise(() => undefined) : swapEach(...args)
    })
    const swap = batchedSwap(store)
    const step = (snapshot: Stored) => transit(store, snapshot.id, progress({ step: 'x' }), { snapshot, now, swap })
    const hanging = Promise.all(records.slice(0, 2).map(step)).then(() => 'made alone')
    await vi.advanceTimersByTimeAsync(1)
    const behind = Promise.all(records.slice(2).map(step)).then(() => 'not held up')
    await vi.advanceTimersByTimeAsync(25)
    expect(await Promise.race([hanging, behind])).toBe('not held up')
    await vi.advanceTimersByTimeAsync(3000)
    expect(await hanging).toBe('made alone')
    await expectOneStepEach(inner, records)
  })
})
