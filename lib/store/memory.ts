import type { DeferralRecord } from '../deferral/deferral_record.js'
import { difference } from '../deferral/difference.js'
import { appended, erasedHistory } from '../deferral/history.js'
import { compare, positionOf, selected } from '../deferral/listing.js'
import type { DeferralFilter, QueueStats } from '../deferral/queries.js'
import { retainedUntil } from '../deferral/retention.js'
import { type DeferralStore, type OnChange, type Stored, type StoredEntry, watchedMembers } from '../deferral/store.js'
import { isOverdue, seconds } from '../deferral/transition.js'
import { fromDocument, toDocument } from './json_members.js'

type Document = Record<string, unknown>
type DuePosition = { id: string; wakeAt?: Date }

/** The reference store, for development and tests: one process, and a restart loses everything. */
export function memoryStore(): DeferralStore {
  const documents = new Map<string, Document>()
  const histories = new Map<string, StoredEntry[]>()
  const purge = createPurge(documents, histories)
  const watchers = new Set<OnChange>()
  // as for other nodes: not before the write is over
  const tell: OnChange = (id, isDue) => {
    for (const onChange of watchers) queueMicrotask(() => onChange(id, isDue))
  }

  return {
    async insert(record, writeId, entry, now = new Date()) {
      purge(now)
      if (documents.has(record.id)) return undefined
      const shifted = shift(now.getTime() - record.createdAt.getTime(), record)
      const document = structuredClone(toDocument({ ...shifted, revision: 0, writeId }))
      documents.set(record.id, document)
      histories.set(record.id, [structuredClone({ ...entry, at: now, writeId })])
      tell(record.id, false)
      return copy(document, now)
    },

    // no await between comparison and write: on one thread this is the atomic write that the contract requires
    async swap(before, { after, entry, unexpired, erasedNames }, writeId, now = new Date()) {
      const { id, revision } = before
      const current = documents.get(id)
      if (current?.revision !== revision || (unexpired && (current.expiresAt as Date) <= now)) return undefined
      const { set, unset } = difference(before, after)
      const others = Object.entries(current).filter(([name]) => !unset.includes(name))
      const document = {
        ...Object.fromEntries(others),
        ...structuredClone(toDocument(set)),
        revision: revision + 1,
        writeId,
      }
      documents.set(id, document)
      if (erasedNames) histories.set(id, erasedHistory(histories.get(id) ?? [], erasedNames))
      if (entry) histories.set(id, appended(histories.get(id) ?? [], structuredClone({ ...entry, writeId })))
      const isWatched = watchedMembers.some((name) => name in set || unset.includes(name))
      if (isWatched) tell(id, 'notification' in set || 'ping' in set)
      return { ...after, readAt: now, revision: revision + 1, writeId } as Stored
    },

    async history(id) {
      return structuredClone(histories.get(id) ?? [])
    },

    async watch(onChange) {
      // each call is another watch, of the same function too
      const watcher: OnChange = (id, isDue) => onChange(id, isDue)
      watchers.add(watcher)
      return { close: async () => void watchers.delete(watcher) }
    },

    ...readOperations(documents, histories),
  }
}

// at most once a minute
function createPurge(documents: Map<string, Document>, histories: Map<string, unknown>): (now: Date) => void {
  let purgedAt = new Date(0)
  return (now) => {
    if (now < seconds(60, purgedAt)) return
    purgedAt = now
    for (const [id, document] of documents) {
      if (retainedUntil(document as object as DeferralRecord) > now) continue
      documents.delete(id)
      histories.delete(id)
    }
  }
}

function readOperations(
  documents: ReadonlyMap<string, Document>,
  histories: ReadonlyMap<string, StoredEntry[]>,
): Pick<DeferralStore, 'find' | 'list' | 'count' | 'stats' | 'due'> {
  const records = () => [...documents.values()] as object as Stored[]
  const selection = (filter: DeferralFilter, now: Date) => selected(records(), filter, now)

  return {
    async find(id, now = new Date()) {
      const document = documents.get(id)
      return document && copy(document, now)
    },

    async list({ after, limit, order = 'newest', history, ...filter }, now = new Date()) {
      const places = selection(filter, now).map((record) => ({ record, place: positionOf(record, order) }))
      const rest = after ? places.filter(({ place }) => compare(order, place, after) > 0) : places
      const page = rest.sort((a, b) => compare(order, a.place, b.place)).slice(0, limit)
      return page.map(({ record }) => ({
        ...copy(record, now),
        ...(history && { history: structuredClone(histories.get(record.id) ?? []) }),
      }))
    },

    async count({ limit, ...filter }, now = new Date()) {
      return Math.min(selection(filter, now).length, limit)
    },

    async stats({ issuer }, now = new Date()) {
      const rows = new Map<string | undefined, QueueStats>()
      for (const record of selection({ issuer, status: ['pending'] }, now)) {
        const { queue, createdAt } = record
        const row = rows.get(queue) ?? { pending: 0, overdue: 0, oldestPendingAt: createdAt }
        rows.set(queue, {
          ...(queue !== undefined && { queue }),
          pending: row.pending + 1,
          overdue: row.overdue + Number(isOverdue(record, now)),
          oldestPendingAt: earlier(createdAt, row.oldestPendingAt),
        })
      }
      return structuredClone([...rows.values()])
    },

    async due({ issuer, after, limit }, now = new Date()) {
      const due = records().filter((record) => record.issuer === issuer && record.wakeAt && record.wakeAt <= now)
      const page = due.filter((record) => !after || earliestFirst(record, after) > 0).sort(earliestFirst)
      return page.slice(0, limit).map((record) => copy(record, now))
    },
  }
}

const copy = (document: object, readAt: Date) => fromDocument<Stored>(structuredClone({ ...document, readAt }))

// all times move with createdAt, which becomes the store's time
function shift(milliseconds: number, members: object): Document {
  const shifted = Object.entries(members).map(([name, value]) => {
    if (value instanceof Date) return [name, new Date(value.getTime() + milliseconds)]
    return [name, name === 'notification' ? shift(milliseconds, value) : value]
  })
  return Object.fromEntries(shifted)
}

function earliestFirst(a: DuePosition, b: DuePosition): number {
  return Number(a.wakeAt) - Number(b.wakeAt) || byId(a, b)
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function earlier(a: Date, b: Date): Date {
  return a.getTime() < b.getTime() ? a : b
}
