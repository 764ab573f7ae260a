import assert from 'node:assert/strict'
import type { DeferralRecord } from '../deferral/deferral.js'
import { newId } from '../deferral/handle.js'
import type { Change, DeferralStore, Stored } from '../deferral/store.js'
import { assertMembers, assertSame, at, changeOf, type Ground, type Tests, turn, unread } from './ground.js'

const decision = {
  until: new Date('2026-03-29T01:59:59.123Z'),
  note: '2026-01-01T00:00:00.000Z',
  by: '$$NOW',
  authorizationDetails: [{ type: 'payment', until: '2026-01-01T00:00:00.000Z', $date: 'x' }],
}

async function assertUntouched({ find, nodes }: Ground, before: Stored): Promise<void> {
  assertMembers(await find(before.id), unread(before), 'nothing was written')
  assert.equal((await nodes[1]?.history(before.id))?.length, 1, 'nothing was appended')
}

/** What `swap` and `history` promise. */
export const swapTests: Tests = {
  async 'swap writes what differs, appends the entry, raises the revision and sets the writeId'(ground) {
    const { nodes, insert, find } = ground
    const before = await insert()
    const members = { status: 'approved', decision, decidedAt: at(1), progress: { step: '$review', position: 0 } }
    const [change, writeId] = [changeOf(before, members), newId()]
    const swapped = await nodes[2]?.swap(before, change, writeId, at(1))
    const expected = { ...change.after, revision: 1, writeId }
    assertMembers(swapped, { ...expected, readAt: at(1) }, 'what swap resolves to')
    assertMembers(await find(before.id, at(2)), { ...expected, readAt: at(2) }, 'what is read then')
    const [, entry] = (await nodes[1]?.history(before.id)) ?? []
    assertSame(entry, { ...change.entry, writeId }, 'the history entry')
  },

  async 'swap removes members that the new record does not have'({ nodes, insert, find }) {
    const before = await insert({ answer: { sealed: 'sealed', until: at(30) } })
    const gone = { interaction: undefined, answer: undefined, wakeAt: undefined, notification: undefined }
    const swapped = await nodes[0]?.swap(before, changeOf(before, gone), newId(), at(1))
    for (const record of [swapped, await find(before.id)]) {
      assert(record)
      for (const name of Object.keys(gone)) assert(!(name in record), `${name} is gone`)
      assertMembers(record, { source: before.source, expiresAt: before.expiresAt }, 'all others stay')
    }
  },

  async 'swap keeps members it does not know, those of a later version'({ nodes, insert, find }) {
    const later = { titleOfLater: { text: '$title', since: at(1), $in: 'x' }, dueOfLater: at(5) }
    const { titleOfLater, ...plain } = later
    const before = await insert({ titleOfLater: { text: titleOfLater.text, since: titleOfLater.since }, ...plain })
    const change = changeOf(before, { progress: { step: 'review' }, listOfLater: ['$a', { at: at(7) }] })
    assert(await nodes[0]?.swap(before, change, newId(), at(1)))
    const found = await find(before.id)
    assertMembers(found, { listOfLater: ['$a', { at: at(7) }], dueOfLater: at(5) }, 'members of a later version')
    assertSame((found as object as typeof later).titleOfLater, { text: '$title', since: at(1) }, 'objects among them')
  },

  async 'swap of a revision that is not the stored one resolves to undefined and writes nothing'(ground) {
    const before = await ground.insert()
    for (const revision of [1, -1, 7]) {
      const change = changeOf(before, { progress: { step: 'wrong' } })
      assert.equal(await ground.nodes[0]?.swap({ ...before, revision }, change, newId(), at(1)), undefined)
    }
    await assertUntouched(ground, before)
    const swapped = await ground.nodes[0]?.swap(before, changeOf(before, { scope: [] }), newId(), at(1))
    assert(swapped)
    const late = changeOf(before, { status: 'cancelled', cancelledAt: at(2) })
    assert.equal(await ground.nodes[2]?.swap(before, late, newId(), at(2)), undefined, 'a second swap of a revision')
    assertMembers(await ground.find(before.id), unread(swapped), 'the first swap stands')
    assert.equal((await ground.nodes[1]?.history(before.id))?.length, 2, 'and has the only entry')
  },

  async 'an unexpired change is refused from the instant of expiry on, another one is not'(ground) {
    const { nodes, insert } = ground
    const before = await insert()
    const change = changeOf(before, { progress: { step: 'review' } }, { unexpired: true })
    for (const seconds of [60, 61, 86_400])
      assert.equal(await nodes[0]?.swap(before, change, newId(), at(seconds)), undefined, `${seconds} s`)
    await assertUntouched(ground, before)
    assert(await nodes[0]?.swap(before, change, newId(), at(59.999)), 'a millisecond before')
    const expired = await insert()
    assert(
      await nodes[0]?.swap(expired, changeOf(expired, { expiredAt: at(60) }), newId(), at(61)),
      'a change at any time',
    )
  },

  async 'without a test clock the clock of the store decides whether a deferral has expired'({ nodes, insert }) {
    const [over, ahead] = [await insert({}, new Date(Date.now() - 600_000)), await insert({}, new Date())]
    const unexpired = (record: Stored) => changeOf(record, { progress: { step: 'x' } }, { unexpired: true })
    const late = { ...over, readAt: over.createdAt }
    assert.equal(await nodes[0]?.swap(late, unexpired(late), newId()), undefined, 'expired nine minutes ago')
    assert(await nodes[0]?.swap(ahead, unexpired(ahead), newId()), 'expires in a minute')
  },

  async 'the history is in order, names the write of each entry, and has none where a change has none'(ground) {
    const { nodes, insert } = ground
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

  async 'dates come back as dates from every reader, and texts that look like dates as texts'(ground) {
    const { nodes, issuer, insert } = ground
    const before = await insert()
    const members = { status: 'approved', decision, decidedAt: at(1), answer: { sealed: 's', until: at(30) } }
    const swapped = await nodes[0]?.swap(before, changeOf(before, members), newId(), at(1))
    const [reader] = nodes.slice(1) as [DeferralStore]
    const seen: (DeferralRecord | undefined)[] = [
      swapped,
      await reader.find(before.id, at(2)),
      (await reader.list({ issuer, limit: 1 }, at(2)))[0],
      (await reader.due({ issuer, limit: 1 }, at(60)))[0],
    ]
    const { notification, expiresAt } = before
    for (const record of seen)
      assertMembers(record as Stored, { ...members, notification, expiresAt }, 'what a reader gets')
  },

  async 'whoever sees a write sees its history entry'({ nodes, insert }) {
    let record = await insert()
    let isOver = false
    const readers = nodes.map(async (reader) => {
      while (!isOver) {
        const seen = await reader.find(record.id, at(2))
        const entries = await reader.history(record.id)
        const isTold = entries.some(({ writeId }) => writeId === seen?.writeId)
        assert(isTold, 'a record was read whose last write is not in the history: write both at once')
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
