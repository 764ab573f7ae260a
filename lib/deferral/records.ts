import type { DeferralRecord } from './deferral.js'
import type { Subscriber } from './events.js'
import { absentId } from './handle.js'
import {
  type CountQuery,
  type DeferralFilter,
  type DeferralQuery,
  type DeferralStore,
  type DueQuery,
  type NewDeferral,
  type Stored,
  type StoredEntry,
  withPlainErrors,
} from './store.js'
import { begin, stamp, transit } from './transit.js'
import { seconds, type Transition } from './transition.js'
import { cancel, created, createdCancelled } from './transitions.js'

/** The deferrals of one issuer in its store; those of other issuers are not found. Times are by the clock that decides. */
export interface Records {
  /** `undefined`: the id exists, or `cancelAhead` came first and the record is stored as cancelled. */
  create(deferral: NewDeferral): Promise<Stored | undefined>
  /** Cancels a deferral before it exists: `create` then creates it cancelled. `false`: the id exists. */
  cancelAhead(id: string): Promise<boolean>
  find(id: string): Promise<Stored | undefined>
  /** Applies a transition; `known` saves the read. `undefined`: the guard failed, nothing was written. */
  transit(id: string, transition: Transition, known?: Stored): Promise<Stored | undefined>
  /** Changes nothing and costs as much as a transition: the time of an answer must not show whether a handle exists. */
  transitDecoy(): Promise<void>
  history(id: string): Promise<StoredEntry[]>
  list(query: Omit<DeferralQuery, 'issuer'>): Promise<Stored[]>
  count(query: Omit<CountQuery, 'issuer'>): Promise<number>
  due(query: Omit<DueQuery, 'issuer'>): Promise<Stored[]>
  /** The time by the clock that decides, from the last read of this node: the node's own clock may be more than a minute off. */
  now(): Date
}

/** What records depend on. */
export interface RecordsOptions {
  issuer: string
  /** the test clock; `undefined` leaves time to the store */
  clock: () => Date | undefined
  /** called after each write that has a history entry, in the process that made it */
  onWritten: Subscriber
}

/** The records of one issuer. */
export function recordsOf(given: DeferralStore, { issuer, clock, onWritten }: RecordsOptions): Records {
  const store = withPlainErrors(given)
  // milliseconds by which the store's clock is ahead of this node's
  let ahead = 0
  async function read<T extends Stored | Stored[] | undefined>(reading: () => Promise<T>): Promise<T> {
    const [clockAt, askedAt] = [Date.now(), performance.now()]
    const found = await reading()
    for (const record of [found ?? []].flat() as Stored[]) {
      ahead = record.readAt.getTime() - clockAt
      stamp(record, askedAt)
    }
    return found
  }
  const query = <T extends object>(of: T): T & DeferralFilter => ({ ...of, issuer })

  return {
    ...creating(store, { issuer, clock, onWritten }),
    async find(id) {
      const found = await read(() => store.find(String(id), clock()))
      return found?.issuer === issuer ? found : undefined
    },
    async transit(id, transition, known) {
      const guarded: Transition = (record, now) => (record.issuer === issuer ? transition(record, now) : undefined)
      const written = await transit(store, String(id), guarded, { known, now: clock() })
      if (written?.entry) onWritten(written.record, written.entry)
      return written?.record
    },
    async transitDecoy() {
      const change = cancel({ isByClient: true })(decoy, decoy.readAt)
      if (change) await store.swap({ ...decoy, issuer }, change, decoy.writeId, clock())
    },
    async history(id) {
      return (await store.find(String(id), clock()))?.issuer === issuer ? store.history(String(id)) : []
    },
    list: (of) => read(() => store.list(query(of), clock())),
    count: (of) => store.count(query(of), clock()),
    due: (of) => read(() => store.due(query(of), clock())),
    now: () => clock() ?? new Date(Date.now() + ahead),
  }
}

function creating(
  store: DeferralStore,
  { issuer, clock, onWritten }: RecordsOptions,
): Pick<Records, 'create' | 'cancelAhead'> {
  async function createOnMark(deferral: NewDeferral, now: Date | undefined): Promise<void> {
    const isMark = (record: DeferralRecord) => record.issuer === decoy.issuer
    const cancelled = createdCancelled(deferral, issuer)
    const onMark: Transition = (record, at) => (isMark(record) ? cancelled(record, at) : undefined)
    const written = await transit(store, deferral.id, onMark, { now })
    if (written?.entry) onWritten(written.record, written.entry)
  }

  return {
    async create(deferral) {
      const now = clock()
      const record = created(deferral, issuer, now ?? new Date())
      const entry = { at: record.createdAt, event: 'created' }
      const written = await begin(store, record, entry, now)
      if (written) onWritten(written, entry)
      else await createOnMark(deferral, now)
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

const epoch = new Date(0)

// no token request takes that long
const markSeconds = 600

// stands for no deferral: no record has this id, and no deferral this issuer
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
  source: {},
  createdAt: epoch,
  expiresAt: epoch,
  readAt: epoch,
  revision: 0,
  writeId: absentId,
}
