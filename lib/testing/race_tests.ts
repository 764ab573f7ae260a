import assert from 'node:assert/strict'
import { newId } from '../deferral/handle.js'
import { leaseNotification } from '../deferral/notification_transitions.js'
import { type Records, recordsOf } from '../deferral/records.js'
import type { DeferralStore, Stored } from '../deferral/store.js'
import type { Transition } from '../deferral/transition.js'
import { cancel, decide, exchange, progress, redeem } from '../deferral/transitions.js'
import { assertMembers, at, changeOf, type Ground, requestOf, type Tests } from './ground.js'

const decision = { by: 'reviewer' }
const approve = decide('approved', decision)
const sealing = { sealed: 'sealed', delay: 0 }
const crowd = 64
const rounds = 8

/** Transitions that only one of many may make, and what leads there. */
const contests: Record<string, { path: Transition[]; event: (nth: number) => Transition }> = {
  exchanges: { path: [], event: (nth) => exchange({ handleHash: `hash ${nth}` }) },
  decisions: {
    path: [exchange({ handleHash: 'hash' })],
    event: (nth) => (nth % 2 ? approve : decide('denied', { by: `reviewer ${nth}` })),
  },
  redemptions: {
    path: [exchange({ handleHash: 'hash' }), approve],
    event: () => redeem({ decision, decidedAt: at(2) }),
  },
  cancellations: { path: [exchange({ handleHash: 'hash' })], event: (nth) => cancel({ by: `reviewer ${nth}` }) },
  'leases of a notification': {
    path: [exchange({ handleHash: 'hash', sealing }), approve],
    event: () => leaseNotification(10),
  },
}

const races = Object.entries(contests).map(([name, { path, event }]) => [
  `of ${crowd} ${name} on several nodes one is made`,
  async (ground: Ground) => {
    const { id } = await begun(ground)
    for (const step of path) assert(await recordsOn(ground, 0).transit(id, step))
    const all = Array.from({ length: crowd }, (_, nth) => recordsOn(ground, nth).transit(id, event(nth)))
    const winners = (await Promise.all(all)).filter((record) => record !== undefined)
    assert.equal(winners.length, 1, `${name} that were made`)
    const { readAt, ...winner } = winners[0] as Stored
    assertMembers(await ground.find(id), winner, 'the record is that of the one that won')
    assert.equal((await ground.nodes[1]?.history(id))?.length, path.length + 2, 'entries in the history')
  },
])

/** What a store promises when very many write at once, on several nodes. */
export const raceTests: Tests = {
  // `swap` itself: behind the queue that the plugin keeps on each node a store without its revision check would look right
  async 'of 64 swaps of one revision on several nodes one is made'({ nodes, insert, find }) {
    let before = await insert()
    for (let round = 1; round <= rounds; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: crowd }, (_, nth) => {
          const change = changeOf(before, { progress: { step: `${nth}` }, interaction: undefined })
          return nodes[nth % nodes.length]?.swap(before, change, newId(), at(1))
        }),
      )
      const winners = outcomes.filter((stored) => stored !== undefined)
      assert.equal(winners.length, 1, 'swaps of one revision that were made')
      const { readAt, ...winner } = winners[0] as Stored
      assertMembers(await find(before.id), winner, 'the record is that of the one that won')
      assert.equal((await nodes[1]?.history(before.id))?.length, round + 1, 'entries in the history')
      before = winners[0] as Stored
    }
  },

  ...Object.fromEntries(races),

  async 'of writes on several nodes that do not exclude each other none is lost'(ground) {
    const { id } = await begun(ground)
    const steps = Array.from({ length: 24 }, (_, nth) => `step ${nth}`)
    // one at a time on each node
    const workers = ground.nodes.map(async (_, node) => {
      for (const step of steps.filter((_, nth) => nth % ground.nodes.length === node))
        assert(await recordsOn(ground, node).transit(id, progress({ step })))
    })
    await Promise.all(workers)
    const written = ((await ground.nodes[1]?.history(id)) ?? []).flatMap(({ step }) => (step ? [step] : []))
    assert.deepEqual(written.sort(), steps.sort(), 'the history has every write')
  },
}

async function begun(ground: Ground): Promise<Stored> {
  const { handleHash, binding, sealing, ...request } = requestOf()
  const stored = await recordsOn(ground, 0).create(request)
  assert(stored)
  return stored
}

// each a node of its own: what transits on one node waits for its turn
function recordsOn({ nodes, issuer }: Ground, nth: number): Records {
  const store = nodes[nth % nodes.length] as DeferralStore
  return recordsOf(store, { issuer, clock: () => at(2), onWritten: () => {} })
}
