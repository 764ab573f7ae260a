import { batchedSwap } from './batches.js'
import type { DeferralRecord } from './deferral_record.js'
import { unlessErased } from './erasure_transition.js'
import type { Subscriber } from './events.js'
import { absentId } from './handle.js'
import type { CountQuery, DeferralFilter, DeferralQuery, DueQuery, QueueStats } from './queries.js'
import {
  type Change,
  type DeferralStore,
  type ListedRecord,
  type NewDeferral,
  type Stored,
  type StoredEntry,
  withPlainErrors,
} from './store.js'
import { type TraceparentOf, traceContext, withTraceContext } from './trace_context.js'
import { begin, stamp, type TransitOptions, transit } from './transit.js'
import { seconds, type Transition } from './transition.js'
import { created, createdCancelled } from './transitions.js'

/** The deferrals of one issuer in a store; others are not found. Times are by the clock of the store or the test clock. */
export interface Records {
  /** `undefined`: the id exists, or `cancelAhead` came first and the record is stored as cancelled. */
  create(deferral: NewDeferral): Promise<Stored | undefined>
  /** Cancels a deferral before it exists: `create` then creates it cancelled. `false`: the id exists. */
  cancelAhead(id: string): Promise<boolean>
  find(id: string): Promise<Stored | undefined>
  /** Applies a transition; `snapshot`, if the caller has the record, saves a read. `undefined`: the guard failed, no write. */
  transit(id: string, transition: Transition, snapshot?: Stored): Promise<Stored | undefined>
  /** As `transit`. Its write may wait a moment for others, which go to the store together with it. */
  transitInBatch(id: string, transition: Transition, snapshot?: Stored): Promise<Stored | undefined>
  /** As `transit`, for the sweep: no request waits for its write. */
  sweep(id: string, transition: Transition, snapshot: Stored): Promise<Stored | undefined>
  /** Changes nothing and costs as much as a transition: the response time must not show whether a handle exists. */
  transitDecoy(): Promise<void>
  /** The history, oldest entry first. `snapshot`, if the caller has the record, saves a read. */
  history(id: string, snapshot?: Stored): Promise<StoredEntry[]>
  list(query: Omit<DeferralQuery, 'issuer'>): Promise<ListedRecord[]>
  count(query: Omit<CountQuery, 'issuer'>): Promise<number>
  /** One row for each queue with pending deferrals. */
  stats(): Promise<QueueStats[]>
  due(query: Omit<DueQuery, 'issuer'>): Promise<Stored[]>
  readonly issuer: string
  /** The time of the store, estimated from the last read: this node's own clock may be wrong by more than a minute. */
  now(): Date
}

/** The dependencies of records. */
export interface RecordsOptions {
  issuer: string
  /** seconds from expiry or end, whichever is later, for which a record is kept */
  retention: number
  /** the time of the test clock; `undefined`: the clock of the store counts */
  clock: () => Date | undefined
  /** called after each write that has a history entry, in the process that made it */
  onWritten: Subscriber
  /** called before each write that has a history entry */
  traceparentOf?: TraceparentOf
}

/** The records of one issuer. */
export function recordsOf(deferralStore: DeferralStore, options: RecordsOptions): Records {
  const store = withPlainErrors(deferralStore)
  const swap = batchedSwap(store)
  const { issuer, clock, onWritten, traceparentOf = untraced } = options
  // milliseconds by which the store's clock is ahead of this node's
  let lead = 0
  async function read<T extends Stored | Stored[] | undefined>(call: () => Promise<T>): Promise<T> {
    const [clockAt, askedAt] = [Date.now(), performance.now()]
    const result = await call()
    for (const record of [result ?? []].flat() as Stored[]) {
      lead = record.readAt.getTime() - clockAt
      stamp(record, askedAt)
    }
    return result
  }
  const ofIssuer = <T extends object>(query: T): T & DeferralFilter => ({ ...query, issuer })
  async function apply(id: string, transition: Transition, options: TransitOptions): Promise<Stored | undefined> {
    const lasting = unlessErased(withTraceContext(transition, traceparentOf))
    const guarded: Transition = (record, now) => (record.issuer === issuer ? lasting(record, now) : undefined)
    const written = await transit(store, String(id), guarded, { ...options, now: clock() })
    if (written?.entry) onWritten(written.record, written.entry)
    return written?.record
  }

  return {
    issuer,
    ...createOperations(store, options),
    async find(id) {
      const record = await read(() => store.find(String(id), clock()))
      return record?.issuer === issuer ? record : undefined
    },
    transit: (id, transition, snapshot) => apply(id, transition, { snapshot }),
    transitInBatch: (id, transition, snapshot) => apply(id, transition, { snapshot, swap }),
    sweep: (id, transition, snapshot) => apply(id, transition, { snapshot, isAside: true }),
    async transitDecoy() {
      await store.swap(decoy, decoyCancellation, decoy.writeId, clock())
    },
    async history(id, snapshot) {
      const record = snapshot ?? (await store.find(String(id), clock()))
      return record?.issuer === issuer ? store.history(String(id)) : []
    },
    list: (query) => read(() => store.list(ofIssuer(query), clock())),
    count: (query) => store.count(ofIssuer(query), clock()),
    stats: () => store.stats({ issuer }, clock()),
    due: (query) => read(() => store.due(ofIssuer(query), clock())),
    now: () => clock() ?? new Date(Date.now() + lead),
  }
}

function createOperations(
  store: DeferralStore,
  { issuer, retention, clock, onWritten, traceparentOf = untraced }: RecordsOptions,
): Pick<Records, 'create' | 'cancelAhead'> {
  async function replaceMark(deferral: NewDeferral, now: Date | undefined): Promise<void> {
    const isMark = (record: DeferralRecord) => record.issuer === decoy.issuer
    const createCancelled = createdCancelled(deferral, { issuer, retention })
    const transition: Transition = (record, at) => (isMark(record) ? createCancelled(record, at) : undefined)
    const written = await transit(store, deferral.id, transition, { now })
    if (written?.entry) onWritten(written.record, written.entry)
  }

  return {
    async create(deferral) {
      const now = clock()
      const record = created(deferral, { issuer, retention }, now ?? new Date())
      const entry = { at: record.createdAt, event: 'created' }
      const written = await begin(store, { ...record, ...traceContext(traceparentOf, record, entry) }, entry, now)
      if (written) onWritten(written, entry)
      else await replaceMark(deferral, now)
      return written
    },
    async cancelAhead(id) {
      const now = clock()
      const at = now ?? new Date()
      const mark = { ...decoy, id, createdAt: at, expiresAt: seconds(markSeconds, at), readAt: at }
      return Boolean(await begin(store, mark, { at, event: 'cancelled_ahead' }, now))
    },
  }
}

const untraced: TraceparentOf = () => undefined

const epoch = new Date(0)

// how long the mark of `cancelAhead` stays: longer than any token request
const markSeconds = 600

// no record has this id, and no deferral has this issuer
const decoy: Stored = {
  id: absentId,
  issuer: '',
  profile: 'oauth',
  status: 'pending',
  clientId: '',
  scope: [],
  resource: [],
  interval: 1,
  lifetime: 1,
  retention: 0,
  source: {},
  createdAt: epoch,
  expiresAt: epoch,
  readAt: epoch,
  revision: 0,
  writeId: absentId,
}

const decoyCancellation: Change = {
  after: { ...decoy, status: 'cancelled', cancelledAt: epoch },
  entry: { at: epoch, event: 'cancelled', isByClient: true },
}
