import assert from 'node:assert/strict'
import { newId } from '../deferral/handle.js'
import { leaseNotification } from '../deferral/notification_transitions.js'
import { type Records, recordsOf } from '../deferral/records.js'
import type { DeferralStore, Stored } from '../deferral/store.js'
import type { Transition } from '../deferral/transition.js'
import { cancel, decide, exchange, progress, redeem } from '../deferral/transitions.js'
import { assertMembers, at, changeOf, type Fixture, requestOf, type Tests } from './fixture.js'

const decision = { by: 'reviewer' }
const approve = decide('approved', decision)
const sealing = { sealed: 'sealed', delay: 0 }
const crowd = 64
const rounds = 8

/** Transitions of which only one may succeed, and the transitions before them. */
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
  `of ${crowd} ${name} on several nodes one succeeds`,
  async (fixture: Fixture) => {
    const { id } = await newDeferral(fixture)
    for (const step of path) assert(await recordsOn(fixture, 0).transit(id, step))
    const all = Array.from({ length: crowd }, (_, nth) => recordsOn(fixture, nth).transit(id, event(nth)))
    const winners = (await Promise.all(all)).filter((record) => record !== undefined)
    assert.equal(winners.length, 1, `${name} that succeeded`)
    const { readAt, ...winner } = winners[0] as Stored
    assertMembers(await fixture.find(id), winner, 'the record of the winner')
    assert.equal((await fixture.nodes[1]?.history(id))?.length, path.length + 2, 'entries in the history')
  },
])

/** The contract under many concurrent writes on several nodes. */
export const raceTests: Tests = {
  // `swap` itself: `transit` queues on each node, so a store without its revision check would pass
  async 'of 64 swaps of one revision on several nodes one succeeds'({ nodes, insert, find }) {
    let before = await insert()
    for (let round = 1; round <= rounds; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: crowd }, (_, nth) => {
          const change = changeOf(before, { progress: { step: `${nth}` }, interaction: undefined })
          return nodes[nth % nodes.length]?.swap(before, change, newId(), at(1))
        }),
      )
      const winners = outcomes.filter((stored) => stored !== undefined)
      assert.equal(winners.length, 1, 'swaps of one revision that succeeded')
      const { readAt, ...winner } = winners[0] as Stored
      assertMembers(await find(before.id), winner, 'the record of the winner')
      assert.equal((await nodes[1]?.history(before.id))?.length, round + 1, 'entries in the history')
      before = winners[0] as Stored
    }
  },

  ...Object.fromEntries(races),

  async 'no write is lost when several nodes write at once'(fixture) {
    const { id } = await newDeferral(fixture)
    const steps = Array.from({ length: 24 }, (_, nth) => `step ${nth}`)
    // one at a time on each node
    const workers = fixture.nodes.map(async (_, node) => {
      for (const step of steps.filter((_, nth) => nth % fixture.nodes.length === node))
        assert(await recordsOn(fixture, node).transit(id, progress({ step })))
    })
    await Promise.all(workers)
    const written = ((await fixture.nodes[1]?.history(id)) ?? []).flatMap(({ step }) => (step ? [step] : []))
    assert.deepEqual(written.sort(), steps.sort(), 'the history has every write')
  },
}

async function newDeferral(fixture: Fixture): Promise<Stored> {
  const { handleHash, binding, sealing, ...request } = requestOf()
  const stored = await recordsOn(fixture, 0).create(request)
  assert(stored)
  return stored
}

// each node has its own store object, because the transitions on one store object queue
function recordsOn({ nodes, issuer }: Fixture, nth: number): Records {
  const store = nodes[nth % nodes.length] as DeferralStore
  return recordsOf(store, { issuer, retention: 86_400, clock: () => at(2), onWritten: () => {} })
}
