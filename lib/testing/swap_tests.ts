import assert from 'node:assert/strict'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { newId } from '../deferral/handle.js'
import type { Change, DeferralStore, Stored } from '../deferral/store.js'
import { turn } from '../deferral/turn.js'
import { assertMembers, assertSame, at, changeOf, type Fixture, type Tests, withoutReadAt } from './fixture.js'

const decision = {
  until: new Date('2026-03-29T01:59:59.123Z'),
  note: '2026-01-01T00:00:00.000Z',
  by: '$$NOW',
  authorizationDetails: [{ type: 'payment', until: '2026-01-01T00:00:00.000Z', $date: 'x' }],
}

async function assertUntouched({ find, nodes }: Fixture, before: Stored): Promise<void> {
  assertMembers(await find(before.id), withoutReadAt(before), 'nothing was written')
  assert.equal((await nodes[1]?.history(before.id))?.length, 1, 'nothing was appended')
}

/** The contract of `swap` and `history`. */
export const swapTests: Tests = {
  async 'swap writes the members that differ, appends the entry, raises the revision and sets the writeId'(fixture) {
    const { nodes, insert, find } = fixture
    const before = await insert()
    const members = { status: 'approved', decision, decidedAt: at(1), progress: { step: '$review', position: 0 } }
    const [change, writeId] = [changeOf(before, members), newId()]
    const swapped = await nodes[2]?.swap(before, change, writeId, at(1))
    const expected = { ...change.after, revision: 1, writeId }
    assertMembers(swapped, { ...expected, readAt: at(1) }, 'the result of swap')
    assertMembers(await find(before.id, at(2)), { ...expected, readAt: at(2) }, 'a later find')
    const [, entry] = (await nodes[1]?.history(before.id)) ?? []
    assertSame(entry, { ...change.entry, writeId }, 'the history entry')
  },

  async 'swap removes members that the new record does not have'({ nodes, insert, find }) {
    const before = await insert({ answer: { sealed: 'sealed', until: at(30) } })
    const absent = { interaction: undefined, answer: undefined, wakeAt: undefined, notification: undefined }
    const swapped = await nodes[0]?.swap(before, changeOf(before, absent), newId(), at(1))
    for (const record of [swapped, await find(before.id)]) {
      assert(record)
      for (const name of Object.keys(absent)) assert(!(name in record), `${name} is removed`)
      assertMembers(record, { source: before.source, expiresAt: before.expiresAt }, 'all others stay')
    }
  },

  async 'swap keeps members that it does not know, such as those of a later version'({ nodes, insert, find }) {
    const later = { titleOfLater: { text: '$title', since: at(1), $in: 'x' }, dueOfLater: at(5) }
    const { titleOfLater, ...plain } = later
    const before = await insert({ titleOfLater: { text: titleOfLater.text, since: titleOfLater.since }, ...plain })
    const change = changeOf(before, { progress: { step: 'review' }, listOfLater: ['$a', { at: at(7) }] })
    assert(await nodes[0]?.swap(before, change, newId(), at(1)))
    const found = await find(before.id)
    assertMembers(found, { listOfLater: ['$a', { at: at(7) }], dueOfLater: at(5) }, 'members of a later version')
    assertSame((found as object as typeof later).titleOfLater, { text: '$title', since: at(1) }, 'objects among them')
  },

  async 'swap of a revision that is not the stored one resolves to undefined and writes nothing'(fixture) {
    const before = await fixture.insert()
    for (const revision of [1, -1, 7]) {
      const change = changeOf(before, { progress: { step: 'wrong' } })
      assert.equal(await fixture.nodes[0]?.swap({ ...before, revision }, change, newId(), at(1)), undefined)
    }
    await assertUntouched(fixture, before)
    const swapped = await fixture.nodes[0]?.swap(before, changeOf(before, { scope: [] }), newId(), at(1))
    assert(swapped)
    const late = changeOf(before, { status: 'cancelled', cancelledAt: at(2) })
    assert.equal(await fixture.nodes[2]?.swap(before, late, newId(), at(2)), undefined, 'a second swap of a revision')
    assertMembers(await fixture.find(before.id), withoutReadAt(swapped), 'the first swap stands')
    assert.equal((await fixture.nodes[1]?.history(before.id))?.length, 2, 'and has the only entry')
  },

  async 'an unexpired change is refused from the time of expiry on, any other change is not'(fixture) {
    const { nodes, insert } = fixture
    const before = await insert()
    const change = changeOf(before, { progress: { step: 'review' } }, { unexpired: true })
    for (const seconds of [60, 61, 86_400])
      assert.equal(await nodes[0]?.swap(before, change, newId(), at(seconds)), undefined, `${seconds} s`)
    await assertUntouched(fixture, before)
    assert(await nodes[0]?.swap(before, change, newId(), at(59.999)), 'a millisecond before')
    const expired = await insert()
    assert(
      await nodes[0]?.swap(expired, changeOf(expired, { expiredAt: at(60) }), newId(), at(61)),
      'a change at any time',
    )
  },

  async 'without a test clock the clock of the store decides whether a deferral has expired'({ nodes, insert }) {
    const [expired, unexpired] = [await insert({}, new Date(Date.now() - 600_000)), await insert({}, new Date())]
    const guarded = (record: Stored) => changeOf(record, { progress: { step: 'x' } }, { unexpired: true })
    const late = { ...expired, readAt: expired.createdAt }
    assert.equal(await nodes[0]?.swap(late, guarded(late), newId()), undefined, 'expired nine minutes ago')
    assert(await nodes[0]?.swap(unexpired, guarded(unexpired), newId()), 'expires in a minute')
  },

  async 'the history is in order, has the writeId of each entry, and gets none for a change without an entry'(fixture) {
    const { nodes, insert } = fixture
    let record = await insert()
    const writeIds = [record.writeId]
    for (let nth = 0; nth < 6; nth++) {
      const entry = { at: at(nth), event: `event ${nth}`, facts: { $set: nth, until: at(nth) } }
      const writeId = newId()
      const change = nth % 3 === 2 ? withoutEntry(record) : changeOf(record, { step: nth }, { entry })
      record = (await nodes[nth % 4]?.swap(record, change, writeId, at(nth))) as Stored
      if (change.entry) writeIds.push(writeId)
    }
    const history = (await nodes[1]?.history(record.id)) ?? []
    assertSame(
      history.map(({ writeId }) => writeId),
      writeIds,
      'the writeIds of the entries, oldest first',
    )
    assertSame(history[2]?.facts, { $set: 1, until: at(1) }, 'the members of an entry')
  },

  async 'dates come back as dates from every reader, and texts that look like dates as texts'(fixture) {
    const { nodes, issuer, insert } = fixture
    const before = await insert()
    const members = { status: 'approved', decision, decidedAt: at(1), answer: { sealed: 's', until: at(30) } }
    const swapped = await nodes[0]?.swap(before, changeOf(before, members), newId(), at(1))
    const [reader] = nodes.slice(1) as [DeferralStore]
    const records: (DeferralRecord | undefined)[] = [
      swapped,
      await reader.find(before.id, at(2)),
      (await reader.list({ issuer, limit: 1 }, at(2)))[0],
      (await reader.due({ issuer, limit: 1 }, at(60)))[0],
    ]
    const { notification, expiresAt } = before
    for (const record of records)
      assertMembers(record as Stored, { ...members, notification, expiresAt }, 'the record of a reader')
  },

  async 'a reader that sees a write also sees its history entry'({ nodes, insert }) {
    let record = await insert()
    let isOver = false
    const readers = nodes.map(async (reader) => {
      while (!isOver) {
        const current = await reader.find(record.id, at(2))
        const entries = await reader.history(record.id)
        const isInHistory = entries.some(({ writeId }) => writeId === current?.writeId)
        assert(isInHistory, 'a record was read, but its last write is not in the history: write both at once')
        await turn()
      }
    })
    const writer = async () => {
      for (let nth = 0; nth < 40; nth++) {
        const swapped = await nodes[nth % 4]?.swap(record, changeOf(record, { step: nth }), newId(), at(1))
        record = swapped as Stored
        await turn()
      }
    }
    await Promise.all([
      ...readers,
      writer().finally(() => {
        isOver = true
      }),
    ])
  },
}

function withoutEntry(record: Stored): Change {
  const { entry, ...change } = changeOf(record, { progress: { step: newId() } })
  return change
}
