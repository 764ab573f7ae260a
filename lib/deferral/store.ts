import type { Binding, By, HistoryEntry, Interaction, JsonObject } from './deferral.js'
import type { DeferralRecord, DeferredRequest } from './deferral_record.js'
import type { Sealing } from './notification.js'
import type { CountQuery, DeferralQuery, DueQuery, QueueStats } from './queries.js'

/** A deferral to create; it expires after `expiresIn` seconds. With a poll handle it needs no exchange. */
export type NewDeferral = DeferredRequest &
  Partial<Exchange> & {
    interaction?: Interaction
    /** a direct deferral: its first poll is its exchange */
    direct?: 'unclaimed'
    expiresIn: number
    /** seconds until it should be decided */
    dueIn?: number
    /** seconds until the provider asks the end-user over CIBA */
    reachOutIn?: number
    /** compact JWE of the first state of its task */
    taskSealed?: string
  }

/** The members that the exchange writes: hash of the new poll handle, key of the client, parameters of the request. */
export interface Exchange {
  handleHash: string
  binding?: Binding
  requestedScope?: string[]
  requestedResource?: string[]
  requestedDetails?: JsonObject[]
  /** secrets for the notification of the client when the deferral ends */
  sealing?: Sealing
  /** seconds until the provider asks the end-user over CIBA */
  reachOutIn?: number
}

/** The members that the first poll of a direct deferral writes. */
export interface Claim extends Omit<Exchange, 'handleHash'> {
  /** seconds from expiry or end, whichever is later, for which the record is kept from now on */
  retention: number
}

/** Who cancelled, or why. A client is not notified of its own cancellation. */
export interface Cancellation {
  by?: By | undefined
  /** the cause, if nobody called `cancel` */
  reason?: string
  isByClient?: boolean
}

/** A history entry, as it is stored: with the `writeId` of the write that appended it. */
export type StoredEntry = HistoryEntry & { writeId: string }

/** A record, as a store returns it. Every swap raises `revision`; `writeId` names the last write. */
export type Stored = DeferralRecord & { revision: number; writeId: string }

/** A record of a listing. */
export type ListedRecord = Stored & { history?: StoredEntry[] }

/** The result of a transition. */
export interface Change {
  after: DeferralRecord
  /** Appended to the history in the same write. A change without an entry must do no harm when it is written twice. */
  entry?: HistoryEntry
  /** the store must not write it if the deferral has expired */
  unexpired?: boolean
  /** the store keeps of every history entry only `at`, `event`, `writeId` and `by`, and of `by` not these names */
  erasedNames?: readonly string[]
}

/** One of several swaps: the arguments of `swap`. */
export interface Swap {
  before: Stored
  change: Change
  writeId: string
  now?: Date | undefined
}

/**
 * The storage of deferrals. A store keeps records and decides nothing: the state machine is in the plugin, which writes only with
 * `insert` and `swap`.
 *
 * - `now` is the instant of a test clock. Without it the store's own clock counts, never the caller's.
 * - Records come back as copies, with `readAt` set by that clock. A store keeps the members it does not know.
 * - Once `insert` or `swap` has resolved to a record, the write survives the loss of a node, and every later read sees it.
 * - Reads return only writes that survive the loss of a node (on MongoDB: majority reads).
 * - A rejected `insert` or `swap` may have been written or not.
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
   * Reads one record, without its history, in one read by primary key. An expired record is found until it is purged. `inDoubt`:
   * the reply to a write was lost; this read must see that write if it was applied.
   */
  find(id: string, now?: Date, inDoubt?: boolean): Promise<Stored | undefined>

  /**
   * The one conditional write. Its condition: the stored revision is that of `before`, and for `unexpired` changes the deferral
   * has not expired by the store's clock. It writes the members that differ between `before` and `after`, removes those absent
   * from `after`, appends the entry, raises the revision and sets `writeId`. `undefined`: the condition failed, nothing was
   * written. Of any number of swaps of one revision, on any number of nodes, one succeeds.
   */
  swap(before: Stored, change: Change, writeId: string, now?: Date): Promise<Stored | undefined>

  /**
   * Optional: several swaps at once, each with its own condition, in any order. Resolves to one result for each: as `swap` would
   * resolve, or an `Error` if it is unknown whether the swap was made. If the call rejects, this is unknown for all swaps. A swap
   * that fails does not stop the others.
   */
  swapAll?(swaps: readonly Swap[]): Promise<(Stored | Error | undefined)[]>

  /**
   * Reads the history, oldest entry first: whole up to 200 entries. Beyond that always the newest 50, and `created`,
   * `approved`, `denied`, `cancelled` and `redeemed`. Empty for an unknown id.
   */
  history(id: string): Promise<StoredEntry[]>

  /** Lists deferrals. */
  list(query: DeferralQuery, now?: Date): Promise<ListedRecord[]>

  /** Counts deferrals, up to `limit`. */
  count(query: CountQuery, now?: Date): Promise<number>

  /** One row for each queue with pending deferrals of this issuer. */
  stats(query: { issuer: string }, now?: Date): Promise<QueueStats[]>

  /** Reads due deferrals. Only a hint: the swap decides. */
  due(query: DueQuery, now?: Date): Promise<Stored[]>

  /**
   * Optional: calls back with the ids of deferrals that any node has changed, soon after the write. Only a hint: calls may be lost, or
   * come twice. Resolves when it listens; to `undefined` if this database cannot tell. The plugin calls it once per process, and
   * again if it rejects or has ended.
   */
  watch?(onChange: OnChange): Promise<Watch | undefined>
}

/** Called when a deferral is new, or one of its `watchedMembers` has changed. `isDue`: a notification may be due now. Does not throw. */
export type OnChange = (id: string, isDue: boolean) => void

/** A store that tells of changes. */
export interface Watch {
  /** Settles when it does not listen any more, whatever the reason. Absent: it listens until `close`. */
  ended?: Promise<unknown>
  /** Stops listening. */
  close(): Promise<void>
}

/** The members of a record whose changes `watch` tells of: a client that polls sees them, or a reviewer who looks at a list. */
export const watchedMembers = [
  'status',
  'progress',
  'interaction',
  'assignee',
  'votes',
  'overdueAt',
  'expiredAt',
  'erasedAt',
] as const satisfies (keyof DeferralRecord)[]

/** The operations a store must have, for the check at start. */
export const storeOperations = [
  'insert',
  'find',
  'swap',
  'history',
  'list',
  'count',
  'stats',
  'due',
] as const satisfies (keyof DeferralStore)[]

/** All operations of this store that a plugin calls for one deferral or query. */
export function operationsOf(store: DeferralStore): readonly (keyof DeferralStore)[] {
  return store.swapAll ? [...storeOperations, 'swapAll'] : storeOperations
}

/**
 * The same store with its errors wrapped in plain ones: the host would render an error that carries `expose` or `statusCode` as
 * a 4xx.
 */
export function withPlainErrors(store: DeferralStore): DeferralStore {
  const operations = operationsOf(store).map((name) => {
    const plain = async (...args: unknown[]) => {
      try {
        return await Reflect.apply(store[name] as () => unknown, store, args)
      } catch (cause) {
        throw new Error(`deferral store failed at ${name}`, { cause })
      }
    }
    return [name, plain] as const
  })
  return Object.fromEntries(operations) as object as DeferralStore
}
