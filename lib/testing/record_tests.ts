import assert from 'node:assert/strict'
import { absentId, newId } from '../deferral/handle.js'
import {
  assertMembers,
  assertSame,
  at,
  changeOf,
  firstEntry,
  recordOf,
  start,
  type Tests,
  withoutReadAt,
} from './fixture.js'

// a clock that is wrong by more than this cannot decide about expiry
const clockTolerance = 60_000

const oddIds: unknown[] = [
  ...[absentId, '', ' ', '__proto__', 'constructor', 'toString', '$ne', "' OR 1=1 --", 'x'.repeat(1000)],
  // a back office may pass on any value from a request
  ...[undefined, null, 5, true, { $ne: 1 }, { $exists: true }, { $gt: '' }, /./, ['x'], []],
]

/** The contract of `insert` and `find`. */
export const recordTests: Tests = {
  async 'insert stores a record as it is, with revision 0, its writeId and its first history entry'({ nodes, issuer }) {
    const [store, other] = nodes
    const [record, writeId] = [recordOf(issuer), newId()]
    const expected = { ...record, revision: 0, writeId }
    assertMembers(await store?.insert(record, writeId, firstEntry, start), { ...expected, readAt: start }, 'insert')
    assertMembers(await other?.find(record.id, at(1)), { ...expected, readAt: at(1) }, 'find on another node')
    assertSame(await other?.history(record.id), [{ ...firstEntry, writeId }], 'history on another node')
  },

  async 'insert moves every time with createdAt, which becomes the instant of the store'({ insert, find }) {
    const moved = at(1000)
    const { id } = await insert({}, moved)
    const { createdAt, exchangedAt, expiresAt, wakeAt, notification } = await find(id)
    const { due, notBefore } = notification ?? {}
    const seconds = (instant: Date | undefined) => (Number(instant) - moved.getTime()) / 1000
    const times = { createdAt, exchangedAt, expiresAt, wakeAt, due, notBefore }
    assertSame(
      Object.fromEntries(Object.entries(times).map(([name, instant]) => [name, seconds(instant)])),
      { createdAt: 0, exchangedAt: 0, expiresAt: 60, wakeAt: 60, due: 60, notBefore: 15 },
      'seconds from the instant of the store',
    )
  },

  async 'without a test clock the clock of the store decides, not the times of the caller'({ nodes, issuer }) {
    const record = recordOf(issuer)
    const stored = await nodes[0]?.insert(record, newId(), firstEntry)
    assert(stored)
    const [entry] = (await nodes[1]?.history(record.id)) ?? []
    for (const instant of [stored.createdAt, stored.readAt, entry?.at]) {
      const isNow = Math.abs(Number(instant) - Date.now()) < clockTolerance
      assert(isNow, `the store says that it is ${instant}, this machine that it is ${new Date()}`)
    }
    assert.equal(Number(stored.expiresAt) - Number(stored.createdAt), 60_000, 'expiry counts from createdAt')
    const found = await nodes[1]?.find(record.id)
    assert(found && found.readAt >= stored.readAt, 'readAt is the time of the read')
  },

  async 'insert of an id that exists resolves to undefined and changes nothing'({ nodes, insert, find }) {
    const first = await insert()
    const record = recordOf('https://another.example', { id: first.id, clientId: 'another' })
    const second = await nodes[2]?.insert(record, newId(), { ...firstEntry, by: 'another' }, at(1))
    assert.equal(second, undefined)
    assertMembers(await find(first.id), withoutReadAt(first), 'the first record')
    assert.equal((await nodes[2]?.history(first.id))?.length, 1)
  },

  async 'of 64 inserts of one id on several nodes one succeeds, and the others resolve to undefined'({
    nodes,
    issuer,
  }) {
    const id = newId()
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, nth) => {
        const record = recordOf(issuer, { id, clientId: `client ${nth}` })
        return nodes[nth % nodes.length]?.insert(record, newId(), { ...firstEntry, nth }, start)
      }),
    )
    const winners = outcomes.filter((stored) => stored !== undefined)
    assert.equal(winners.length, 1, 'inserts that resolved to a record')
    const { clientId, writeId } = winners[0] ?? {}
    assertMembers(await nodes[1]?.find(id, at(9)), { clientId, writeId }, 'the record of the winner')
    const [entry, ...others] = (await nodes[1]?.history(id)) ?? []
    assertSame([`client ${entry?.nth}`, others], [clientId, []], 'the history of the winner')
  },

  async 'an id that no record has is not found, whatever its type'({ nodes, insert, find }) {
    const before = await insert()
    for (const odd of oddIds as string[]) {
      assert.equal(await nodes[0]?.find(odd, at(1)), undefined, `find(${String(odd)})`)
      assertSame(await nodes[0]?.history(odd), [], `history(${String(odd)})`)
      const swapped = await nodes[0]?.swap({ ...before, id: odd }, changeOf(before, { id: odd }), newId(), at(1))
      assert.equal(swapped, undefined, `swap of ${String(odd)}`)
    }
    assertMembers(await find(before.id), withoutReadAt(before), 'the record with another id')
  },

  async 'records are copied in every write and every read'({ nodes, issuer, find }) {
    const record = recordOf(issuer)
    const untouched = structuredClone(record)
    const stored = await nodes[0]?.insert(record, newId(), firstEntry, start)
    assert(stored)
    const change = changeOf(stored, { progress: { step: 'review' } })
    const swapped = await nodes[0]?.swap(stored, change, newId(), at(1))
    const history = (await nodes[1]?.history(record.id)) ?? []
    for (const copy of [record, stored, change.after, swapped, await find(record.id)]) {
      copy?.scope.push('everything')
      copy?.createdAt.setTime(0)
      Object.assign(copy?.source ?? {}, { scope: 'everything' })
      Object.assign(copy?.notification ?? {}, { status: 'delivered' })
      Object.assign(copy?.progress ?? {}, { step: 'done' })
    }
    for (const entry of [...history, change.entry]) Object.assign(entry ?? {}, { event: 'nothing' })
    const { scope, createdAt, source, notification } = untouched
    const expected = { scope, createdAt, source, notification, progress: { step: 'review' } }
    assertMembers(await find(record.id), expected, 'the stored record')
    const events = ((await nodes[1]?.history(record.id)) ?? []).map(({ event }) => event)
    assertSame(events, ['created', 'changed'], 'the stored history')
  },

  async 'a read in doubt sees a write that another node has just made'({ nodes, insert }) {
    let before = await insert()
    for (const node of [...nodes, ...nodes]) {
      const swapped = await node.swap(before, changeOf(before, { progress: { step: newId() } }), newId(), at(1))
      assert(swapped)
      for (const reader of nodes)
        assertMembers(await reader.find(before.id, at(2), true), withoutReadAt(swapped), 'in doubt')
      before = swapped
    }
  },
}
