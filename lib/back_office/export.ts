import { positionOf } from '../deferral/listing.js'
import type { ListPosition } from '../deferral/queries.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, date, type Members, optional, shape } from '../deferral/shape.js'
import type { ListedRecord } from '../deferral/store.js'
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

/** A record is young for so many milliseconds: until then another one may appear with the same creation time, or an earlier one. */
const youth = 10_000

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
 * A new record may appear beside or before a young one: both have the same millisecond, or its write took longer. So every pass
 * starts behind the last record that is not young, and the passes end when one of them finds nothing new.
 */
async function* readAll(records: Records, filter: ExportQuery): AsyncGenerator<Reviewed, void, undefined> {
  // the ids behind `start` that were yielded already
  const young = new Set<string>()
  let start: ListPosition | undefined
  for (let isComplete = false; !isComplete; ) {
    isComplete = true
    let firstYoung: ListedRecord | undefined
    for await (const record of readAfter(records, filter, start)) {
      // a slow consumer: it is not young any more, and a new pass has fewer ids to remember
      if (firstYoung && !isYoung(firstYoung, record.readAt)) {
        isComplete = false
        break
      }
      const isNew = !young.delete(record.id)
      if (!firstYoung && !isYoung(record, record.readAt)) start = positionOf(record, order)
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

const isYoung = ({ createdAt }: ListedRecord, now: Date) => now.getTime() - createdAt.getTime() < youth
