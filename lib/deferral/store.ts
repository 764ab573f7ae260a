import type { Binding, DeferralRecord, DeferralStatus, DeferredRequest, Interaction, JsonObject } from './deferral.js'
import type { NotificationStatus, Sealing } from './notification.js'

/** A deferral to be created, and the seconds until it expires. One that comes with its poll handle needs no exchange. */
export type NewDeferral = DeferredRequest & Partial<Exchange> & { interaction?: Interaction; expiresIn: number }

/** What the exchange writes: the new poll handle, the key shown, what was asked for with it. */
export interface Exchange {
  handleHash: string
  binding?: Binding
  requestedScope?: string[]
  requestedResource?: string[]
  requestedDetails?: JsonObject[]
  /** secrets for the notification of the client when the deferral ends */
  sealing?: Sealing
}

/** Who cancelled, or why. A client is not notified of what it did itself. */
export interface Cancellation {
  by?: string | undefined
  /** the event of the host that caused it, where nobody cancelled */
  reason?: string
  isByClient?: boolean
}

/** What happened to a deferral, in its `history`. */
export interface HistoryEntry {
  at: Date
  event: string
  by?: string
  [fact: string]: unknown
}

/** A history entry as it is stored: with the `writeId` of the write that appended it. */
export type StoredEntry = HistoryEntry & { writeId: string }

/** So many entries of a history are kept, the newest: a record that grows for ever could at last not be written any more. */
export const historyLimit = 1000

/** A record as a store has it. Every swap raises `revision`; `writeId` is that of the last write. */
export type Stored = DeferralRecord & { revision: number; writeId: string }

/** What a transition makes of a record. */
export interface Change {
  after: DeferralRecord
  /** Appended to the history in the same write. A change without an entry must do no harm when it is written twice. */
  entry?: HistoryEntry
  /** whether it must not be written once the deferral has expired */
  unexpired?: boolean
}

/** Which deferrals of one issuer a query is about. */
export interface DeferralFilter {
  issuer: string
  /** `expired` is "not redeemed and past expiry"; `pending` and `approved` exclude those */
  status?: DeferralStatus | 'expired'
  clientId?: string
  accountId?: string
  grantId?: string
  notification?: NotificationStatus | 'any'
}

/** One page of a listing, newest first, starting after the given deferral. */
export interface DeferralQuery extends DeferralFilter {
  after?: { createdAt: Date; id: string }
  limit: number
}

/** How many there are; counting stops at `limit`. */
export interface CountQuery extends DeferralFilter {
  limit: number
}

/** Which deferrals of one issuer to look at: those whose `wakeAt` has come, earliest first, after the given one. */
export interface DueQuery {
  issuer: string
  after?: { wakeAt: Date; id: string } | undefined
  limit: number
}

/**
 * Where deferrals live. A store keeps records and decides nothing: the state machine is written once, in the plugin, and
 * reaches a store only as `insert` and `swap`.
 *
 * - `now` is the instant of a test clock. Without it the store's own clock counts, never the caller's.
 * - Records come back as copies, with `readAt` set by that clock. A store keeps the members it does not know.
 * - Once `insert` or `swap` has resolved to a record, the write survives the loss of a node, and every later read sees it.
 * - Reads return only what survives the loss of a node (on MongoDB: majority reads).
 * - A rejection means "not known": the write may have been made or not.
 *
 * `storeContract` of `oidc-provider-deferred/testing` tests all of this.
 */
export interface DeferralStore {
  /**
   * Stores a new record with revision 0 and its first history entry. `createdAt` becomes the store's instant, and all other
   * times move with it. `undefined`: a record with this id exists.
   */
  insert(record: DeferralRecord, writeId: string, entry: HistoryEntry, now?: Date): Promise<Stored | undefined>

  /**
   * Reads one record, without its history, in one read by primary key; an expired one too, until it is purged. `inDoubt`: the
   * reply of a write was lost, and the read must see that write if it was applied.
   */
  find(id: string, now?: Date, inDoubt?: boolean): Promise<Stored | undefined>

  /**
   * The one conditional write. Its condition: the stored revision is that of `before`, and for `unexpired` changes the deferral
   * has not expired by the store's clock. It writes the members that differ between `before` and `after`, removes those absent
   * from `after`, appends the entry, raises the revision and sets `writeId`. `undefined`: the condition failed, nothing was
   * written. Of any number of swaps of one revision, on any number of nodes, one succeeds.
   */
  swap(before: Stored, change: Change, writeId: string, now?: Date): Promise<Stored | undefined>

  /** What happened, oldest first, the newest thousand entries at least; empty for an unknown id. */
  history(id: string): Promise<StoredEntry[]>

  /** Lists deferrals, newest first. */
  list(query: DeferralQuery, now?: Date): Promise<Stored[]>

  /** Counts deferrals, up to `limit`. */
  count(query: CountQuery, now?: Date): Promise<number>

  /** Reads what is due. A hint only: the swap decides. */
  due(query: DueQuery, now?: Date): Promise<Stored[]>

  /** Calls back with the ids of deferrals that changed on any node. A hint only; calls may be lost. Resolves when it listens. */
  watch?(onChange: (id: string) => void): Promise<{
    /** Stops listening. */
    close(): Promise<void>
  }>
}

/** The operations a store must have, for the check at start. */
export const storeOperations = [
  'insert',
  'find',
  'swap',
  'history',
  'list',
  'count',
  'due',
] as const satisfies (keyof DeferralStore)[]

/**
 * The same store with its errors wrapped in plain ones: the host would render an error that carries `expose` or `statusCode` as
 * a 4xx.
 */
export function withPlainErrors(store: DeferralStore): DeferralStore {
  const operations = storeOperations.map((name) => {
    const plain = async (...args: unknown[]) => {
      try {
        return await Reflect.apply(store[name], store, args)
      } catch (cause) {
        throw new Error(`deferral store failed at ${name}`, { cause })
      }
    }
    return [name, plain] as const
  })
  return Object.fromEntries(operations) as object as DeferralStore
}

// members of the store itself: a transition neither reads nor changes them
const bookkeeping = new Set(['id', '_id', 'readAt', 'revision', 'writeId', 'schemaVersion', 'purgeAt'])

/** The writes of a swap: `set` has the changed members with their new values, `unset` the names of the removed ones. */
export function difference(before: object, after: object): { set: Record<string, unknown>; unset: string[] } {
  const [old, next] = [before, after] as [Record<string, unknown>, Record<string, unknown>]
  const set: Record<string, unknown> = {}
  for (const name of Object.keys(next)) {
    if (next[name] !== undefined && !isSame(old[name], next[name]) && !bookkeeping.has(name)) set[name] = next[name]
  }
  const isGone = (name: string) => old[name] !== undefined && next[name] === undefined && !bookkeeping.has(name)
  return { set, unset: Object.keys(old).filter(isGone) }
}

// transitions copy members they do not change, and compute some dates anew
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime())
}
