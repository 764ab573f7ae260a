import { positionOf } from '../deferral/listing.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, date, type Members, optional, shape } from '../deferral/shape.js'
import type { ListedRecord, ListPosition } from '../deferral/store.js'
import { reviewed } from './listing.js'
import type { Reviewed } from './transition.js'

/** The argument of `export`. */
export interface ExportQuery {
  /** created at this time or later */
  createdAfter?: Date
  /** created before this time */
  createdBefore?: Date
}

const pageSize = 100

/** For this many milliseconds after a creation another record with an earlier time, or the same, may appear. */
const settling = 10_000

const order = 'oldest'
const members = {
  createdAfter: optional(date),
  createdBefore: optional(date),
} satisfies Members<ExportQuery>
const checkQuery = argumentOf('export', shape(members))

/** Reads all deferrals, oldest first; throws a `TypeError` that names the wrong member of the query. */
export function exportDeferrals(records: Records, query: ExportQuery): AsyncGenerator<Reviewed, void, undefined> {
  return readAll(records, checkQuery(query))
}

/*
 * A record may appear beside or before one that was just created: they have the same millisecond, or its write took longer. So
 * the reading stays `settled` before the first young record, and goes on from there until nothing new appears.
 */
async function* readAll(records: Records, filter: ExportQuery): AsyncGenerator<Reviewed, void, undefined> {
  // yielded, and after `settled`
  const young = new Set<string>()
  let settled: ListPosition | undefined
  for (let isComplete = false; !isComplete; ) {
    isComplete = true
    let firstYoung: ListedRecord | undefined
    for await (const record of readAfter(records, filter, settled)) {
      // a slow consumer: it has settled meanwhile, so that few ids have to be remembered
      if (firstYoung && isSettled(firstYoung, record.readAt)) {
        isComplete = false
        break
      }
      const isNew = !young.delete(record.id)
      if (!firstYoung && isSettled(record, record.readAt)) settled = positionOf(record, order)
      else {
        firstYoung ??= record
        young.add(record.id)
        isComplete &&= !isNew
      }
      if (isNew) yield reviewed(record)
    }
  }
}

async function* readAfter(records: Records, filter: ExportQuery, start: ListPosition | undefined) {
  for (let after = start, isLast = false; !isLast; ) {
    const page = await records.list({ ...filter, order, history: true, limit: pageSize, ...(after && { after }) })
    yield* page
    isLast = page.length < pageSize
    const last = page.at(-1)
    if (last) after = positionOf(last, order)
  }
}

const isSettled = ({ createdAt }: ListedRecord, now: Date) => now.getTime() - createdAt.getTime() >= settling
