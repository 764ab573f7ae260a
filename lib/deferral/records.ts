import type { DeferralRecord } from './deferral.js'
import { absentId } from './handle.js'
import {
  type CountQuery,
  type DeferralFilter,
  type DeferralQuery,
  type DeferralStore,
  type DueQuery,
  type HistoryEntry,
  type NewDeferral,
  type Stored,
  type StoredEntry,
  withPlainErrors,
} from './store.js'
import { begin, stamped, transit } from './transit.js'
import type { Transition } from './transition.js'
import { cancel, created } from './transitions.js'

type Without<T, K extends string> = { [P in keyof T as P extends K ? never : P]: T[P] }

/** The deferrals of one issuer in its store, by the clock that decides. Another issuer's are not there. */
export interface Records {
  /** `undefined`: the id exists */
  create(deferral: NewDeferral): Promise<Stored | undefined>
  find(id: string): Promise<Stored | undefined>
  /** Applies a transition; `known` saves the read. `undefined`: the guard failed, nothing was written. */
  transit(id: string, transition: Transition, known?: Stored): Promise<Stored | undefined>
  /** Costs what a transition costs, and changes nothing. */
  transitDecoy(): Promise<void>
  history(id: string): Promise<StoredEntry[]>
  list(query: Without<DeferralQuery, 'issuer'>): Promise<Stored[]>
  count(query: Without<CountQuery, 'issuer'>): Promise<number>
  due(query: Without<DueQuery, 'issuer'>): Promise<Stored[]>
  /** The instant by the clock that decides: a node's own may differ by more than a minute. As good as the last read here. */
  now(): Date
}

/** What records depend on. */
export interface RecordsOptions {
  issuer: string
  /** the test clock; `undefined` leaves time to the store */
  clock: () => Date | undefined
  /** called after each write that has a history entry, in the process that made it; must not throw */
  onWritten: (record: Stored, entry: HistoryEntry) => void
}

/** The records of one issuer. */
export function recordsOf(given: DeferralStore, { issuer, clock, onWritten }: RecordsOptions): Records {
  const store = withPlainErrors(given)
  // milliseconds by which the store's clock is ahead of this node's
  let ahead = 0
  const read = (record: Stored) => {
    ahead = record.readAt.getTime() - Date.now()
    return stamped(record)
  }
  const ours = (record: Stored | undefined) => (record?.issuer === issuer ? read(record) : undefined)
  const query = <T extends object>(of: T): T & DeferralFilter => ({ ...of, issuer })

  return {
    async create(deferral) {
      const now = clock()
      const record = created(deferral, issuer, now ?? new Date())
      const entry = { at: record.createdAt, event: 'created' }
      const written = await begin(store, record, entry, now)
      if (written) onWritten(read(written), entry)
      return written
    },
    async find(id) {
      return ours(await store.find(String(id), clock()))
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
    list: async (of) => (await store.list(query(of), clock())).map(read),
    count: (of) => store.count(query(of), clock()),
    due: async (of) => (await store.due(query(of), clock())).map(read),
    now: () => clock() ?? new Date(Date.now() + ahead),
  }
}

const epoch = new Date(0)

// nobody's: no record has this id
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
} satisfies DeferralRecord & { revision: number; writeId: string }
