import assert from 'node:assert/strict'
import { newId } from '../deferral/handle.js'
import type { Change, DeferralStore, Stored, Swap } from '../deferral/store.js'
import { assertMembers, assertSame, at, changeOf, type Tests } from './fixture.js'

const crowd = 32
const step = (before: Stored, more: Partial<Change> = {}) => changeOf(before, { progress: { step: newId() } }, more)
const swapOf = (before: Stored, more?: Partial<Change>, now = at(1)): Swap => ({
  before,
  change: step(before, more),
  writeId: newId(),
  now,
})

/** The contract of `swapAll`, for stores that have it. */
export const batchTests: Tests = {
  async 'swapAll resolves to one result for each swap, in order, and one that fails stops no other'(fixture) {
    const { nodes, insert, find } = fixture
    const [node] = nodes as [DeferralStore]
    if (!node.swapAll) return
    const [first, moved, expired, last] = [await insert(), await insert(), await insert(), await insert()]
    assert(await nodes[1]?.swap(moved, step(moved), newId(), at(1)))
    const swaps = [swapOf(first), swapOf(moved), swapOf(expired, { unexpired: true }, at(60)), swapOf(last)]
    const results = await node.swapAll(swaps)
    assert.equal(results.length, swaps.length, 'a result for each swap')
    assertSame([results[1], results[2]], [undefined, undefined], 'swaps whose condition failed')
    for (const nth of [0, 3]) {
      const [{ before, change, writeId } = swapOf(first), result] = [swaps[nth], results[nth]]
      const expected = { ...change.after, revision: 1, writeId, readAt: at(1) }
      assertMembers(result as Stored, expected, 'the result of a swap that was made')
      assertMembers(await find(before.id, at(1)), expected, 'a later find')
      assertSame((await nodes[1]?.history(before.id))?.at(1), { ...change.entry, writeId }, 'its history entry')
    }
    assert.equal((await find(moved.id)).revision, 1, 'the revision of another write')
    assert.equal((await find(expired.id)).revision, 0, 'nothing was written')
  },

  async 'of swaps of one revision in the batches of several nodes one succeeds'({ nodes, insert, find }) {
    if (!nodes[0]?.swapAll) return
    const records = await Promise.all(Array.from({ length: crowd }, () => insert()))
    // a part of them in each batch, so that each batch has winners and losers
    const batches = nodes.map((_, nth) =>
      records.filter((_, index) => index % nodes.length !== nth).map((one) => swapOf(one)),
    )
    const all = await Promise.all(nodes.map((node, nth) => node.swapAll?.(batches[nth] as Swap[])))
    for (const { id } of records) {
      const { writeId } = await find(id)
      assert.equal((await nodes[1]?.history(id))?.length, 2, 'one swap has appended its entry')
      for (const [nth, swaps] of batches.entries()) {
        const index = swaps.findIndex(({ before }) => before.id === id)
        const result = index < 0 ? undefined : all[nth]?.[index]
        if (result instanceof Error) continue
        assert.equal(result?.writeId === writeId, swaps[index]?.writeId === writeId, 'only the winner is told so')
        assert(!result || result.writeId === writeId, 'a loser is not told that it won')
      }
    }
  },
}
