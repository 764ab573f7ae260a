import assert from 'node:assert/strict'
import type { HistoryEntry } from '../deferral/deferral.js'
import { newId } from '../deferral/handle.js'
import { lastingEvents, newestEntries, wholeHistory } from '../deferral/history.js'
import type { Stored, StoredEntry } from '../deferral/store.js'
import {
  assertMembers,
  assertSame,
  at,
  changeOf,
  type Fixture,
  firstEntry,
  type Tests,
  withoutReadAt,
} from './fixture.js'

/** The contract of the history: which entries of a long one stay, and what an erasure leaves. */
export const historyTests: Tests = {
  async 'a long history keeps its newest 50 entries, its creation, its decisions, its cancellation and its redemption'(
    fixture,
  ) {
    const events = [
      ...['commented', 'assigned', ...lastingEvents.slice(1), 'extended'],
      ...Array<string>(wholeHistory + 60).fill('progress'),
    ]
    const { record, written } = await recordWith(fixture, events)
    const history = (await fixture.nodes[1]?.history(record.id)) ?? []
    const kept = new Set(history.map(({ writeId }) => writeId))
    for (const { event, writeId } of [...written.filter(isLasting), ...written.slice(-newestEntries)])
      assert(kept.has(writeId), `an entry ${event} is kept`)
    const order = written.filter(({ writeId }) => kept.has(writeId))
    assertSame(history, order, 'the entries in their order, as they were written')
  },

  async 'a history of 200 entries is whole'(fixture) {
    const { record, written } = await recordWith(fixture, Array<string>(wholeHistory - 1).fill('progress'))
    assert.equal(written.length, wholeHistory)
    assertSame(await fixture.nodes[1]?.history(record.id), written, 'every entry')
  },

  async 'a swap with erasedNames keeps of every entry the time, the event, the writeId and the other names'(fixture) {
    const { nodes } = fixture
    const bys = [undefined, 'mary', 'kim', ['mary'], ['kim', 'mary', '$robin'], 'Mary', ['$$NOW']]
    const { record, written } = await recordWith(
      fixture,
      bys.map((by, nth) => ({
        event: `event ${nth}`,
        ...(by && { by }),
        text: 'personal',
        to: ['mary'],
        until: at(9),
      })),
    )
    const entry = { at: at(2), event: 'erased', by: 'mary', text: '$kept' }
    const change = { ...changeOf(record, { accountId: undefined }, { entry }), erasedNames: ['mary', '$$NOW'] }
    const writeId = newId()
    const swapped = await nodes[0]?.swap(record, change, writeId, at(2))
    const left = [{}, {}, {}, { by: 'kim' }, {}, { by: ['kim', '$robin'] }, { by: 'Mary' }, {}]
    const expected = written.map((each, nth) => ({
      at: each.at,
      event: each.event,
      writeId: each.writeId,
      ...left[nth],
    }))
    assertSame(await nodes[1]?.history(record.id), [...expected, { ...entry, writeId }], 'the history')
    assertMembers(await fixture.find(record.id), withoutReadAt(swapped as Stored), 'the record')
    assert(!('accountId' in (swapped as Stored)), 'the members are written as by any swap')
    const again = { ...changeOf(swapped as Stored, {}), entry: { at: at(3), event: 'later' }, erasedNames: [] }
    assert.equal(await nodes[2]?.swap(record, again, newId(), at(3)), undefined, 'of an old revision')
    assert.equal((await nodes[1]?.history(record.id))?.[8]?.text, '$kept', 'which erases nothing')
    assert(await nodes[2]?.swap(swapped as Stored, again, newId(), at(3)))
    const texts = ((await nodes[1]?.history(record.id)) ?? []).map(({ text }) => text)
    assertSame(texts, Array(10).fill(undefined), 'without names the facts go')
  },

  async 'a swap with erasedNames and without an entry erases, too, and a long history as well'(fixture) {
    const { nodes } = fixture
    const facts = Array.from({ length: wholeHistory + 20 }, () => ({ event: 'progress', by: 'mary', step: 'personal' }))
    const { record } = await recordWith(fixture, facts)
    const entry = { at: at(2), event: 'erased' }
    const swapped = await nodes[0]?.swap(record, { after: record, entry, erasedNames: ['mary'] }, newId(), at(2))
    const history = (await nodes[1]?.history(record.id)) ?? []
    assertSame(history.at(-1), { ...entry, writeId: swapped?.writeId }, 'the newest entry')
    assertClean(history)
    const added = changeOf(
      swapped as Stored,
      {},
      { entry: { at: at(3), event: 'commented', by: 'mary', text: 'personal' } },
    )
    const next = await nodes[1]?.swap(swapped as Stored, added, newId(), at(3))
    await nodes[2]?.swap(next as Stored, { after: next as Stored, erasedNames: ['mary'] }, newId(), at(4))
    assertClean((await nodes[1]?.history(record.id)) ?? [])
  },
}

const isLasting = ({ event }: StoredEntry) => lastingEvents.includes(event)

function assertClean(history: StoredEntry[]): void {
  assert(history.length > newestEntries, 'the entries stay')
  assert(!/mary|personal/.test(JSON.stringify(history)), 'nothing personal stays')
}

/** A record with these entries after its creation, and all entries as they were written. */
async function recordWith({ nodes, insert }: Fixture, entries: (string | Omit<HistoryEntry, 'at'>)[]) {
  let record = await insert()
  const written: StoredEntry[] = [{ ...firstEntry, writeId: record.writeId }]
  for (const [nth, facts] of entries.entries()) {
    const writeId = newId()
    const entry = { at: at(1), ...(typeof facts === 'string' ? { event: facts, nth } : facts) } as HistoryEntry
    record = (await nodes[nth % 4]?.swap(record, changeOf(record, {}, { entry }), writeId, at(1))) as Stored
    written.push({ ...entry, writeId })
  }
  return { record, written }
}
