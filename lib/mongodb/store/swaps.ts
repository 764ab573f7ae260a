import type { Collection, Document } from 'mongodb'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { retainedUntil } from '../../deferral/retention.js'
import type { DeferralStore, Stored, Swap } from '../../deferral/store.js'
import { changesOf } from './changes.js'
import { byId, type DeferralDocument, type MongoRecord } from './document.js'
import { updateOf } from './update.js'

type Deferrals = Collection<DeferralDocument>

/** One conditional update, and the record after it. */
interface Write {
  filter: Document & { _id: string }
  update: Document | Document[]
  record: Stored
}

/** The conditional writes of the store. */
export function swapOperations(open: () => Promise<Deferrals>): Required<Pick<DeferralStore, 'swap' | 'swapAll'>> {
  return {
    async swap(before, change, writeId, now) {
      const deferrals = await open()
      const { filter, update, record } = writeOf({ before, change, writeId, now })
      const { matchedCount } = await deferrals.updateOne(filter, update)
      return matchedCount ? record : undefined
    },

    async swapAll(swaps) {
      const deferrals = await open()
      const writes = swaps.map(writeOf)
      const updates = writes.map(({ filter, update }) => ({ updateOne: { filter, update } }))
      const { matchedCount } = await deferrals.bulkWrite(updates, { ordered: false })
      if (matchedCount === writes.length) return writes.map(({ record }) => record)
      if (matchedCount === 0) return writes.map(() => undefined)
      return resultsOf(await lastWritesOf(deferrals, swaps), writes, matchedCount)
    },
  }
}

function writeOf({ before, change: { after, entry, unexpired, erasedNames }, writeId, now }: Swap): Write {
  const { set, unset } = changesOf(before, after)
  const purge = purgeChange(before as MongoRecord, after)
  const guard = { ...byId(before.id), revision: before.revision }
  const isUnexpired = unexpired && { $expr: { $gt: ['$expiresAt', now ?? '$$NOW'] } }
  const update = updateOf(before.revision, {
    set: { ...set, ...purge, writeId },
    unset,
    entry: entry && { ...entry, writeId },
    erasedNames,
  })
  const written = { readAt: now ?? before.readAt, revision: before.revision + 1, writeId }
  return { filter: { ...guard, ...isUnexpired }, update, record: { ...after, ...purge, ...written } }
}

async function lastWritesOf(deferrals: Deferrals, swaps: readonly Swap[]): Promise<Set<string>> {
  const ids = swaps.map(({ before }) => before.id)
  const documents = await deferrals.find({ _id: { $in: ids } }, { projection: { writeId: 1 } }).toArray()
  return new Set(documents.map(({ writeId }) => writeId as string))
}

// The database only returns how many writes it made. A write whose `writeId` is in its document was made. If these are as many as the
// count, all others failed. If they are fewer, another node has overwritten a `writeId`, and the others are unknown
function resultsOf(lastWrites: Set<string>, writes: Write[], count: number): (Stored | Error | undefined)[] {
  const isLast = ({ record }: Write) => lastWrites.has(record.writeId)
  const isCertain = writes.filter(isLast).length === count
  const other = isCertain ? undefined : new Error('others have written since: it is unknown whether this was written')
  return writes.map((write) => (isLast(write) ? write.record : other))
}

function purgeChange(before: MongoRecord, after: DeferralRecord): { purgeAt?: Date } {
  const later = retainedUntil(after).getTime() - retainedUntil(before).getTime()
  return later ? { purgeAt: new Date(before.purgeAt.getTime() + later) } : {}
}
