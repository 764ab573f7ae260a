import type { Db, Document } from 'mongodb'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

/** Where a naive store keeps its records: whole, read and written apart. */
export interface Rows {
  get(id: string): Promise<DeferralRecord | undefined>
  put(record: DeferralRecord): Promise<void>
}

type Guard = (record: DeferralRecord, now: Date) => unknown

const later = (seconds: number, now: Date) => new Date(now.getTime() + seconds * 1000)
const alive: Guard = ({ expiresAt }, now) => expiresAt > now
const pending: Guard = (record, now) => record.status === 'pending' && alive(record, now)
const unfinished: Guard = ({ status }) => status === 'pending' || status === 'approved'

/** Planted: reads, decides and writes the whole record, as stores in the wild do. The races must catch it first. */
export function naiveStore({ get, put }: Rows): DeferralStore {
  async function transition(id: string, now: Date, guard: Guard, change: (record: DeferralRecord) => object) {
    const record = await get(id)
    if (!record || !guard(record, now)) return undefined
    const changed = { ...record, ...change(record), readAt: now } as DeferralRecord
    await put(changed)
    return changed
  }

  return {
    async create({ expiresIn, ...request }, now = new Date()) {
      const times = { createdAt: now, expiresAt: later(expiresIn, now), readAt: now }
      const exchanged = request.handleHash !== undefined && { exchangedAt: now }
      const record = { ...request, ...exchanged, ...times, status: 'pending' as const, fence: 0 }
      await put(record)
      return record
    },
    async find(id, now = new Date()) {
      const record = await get(id)
      return record && { ...record, readAt: now }
    },
    list: async () => [],
    exchange: (id, exchange, now = new Date()) =>
      transition(
        id,
        now,
        (record) => !record.exchangedAt && record.status !== 'cancelled' && alive(record, now),
        ({ lifetime }) => ({ ...exchange, exchangedAt: now, expiresAt: later(lifetime, now) }),
      ),
    progress: (id, progress, now = new Date()) => transition(id, now, pending, () => ({ progress })),
    requireInteraction: (id, interaction, now = new Date()) => transition(id, now, pending, () => ({ interaction })),
    resume: (id, now = new Date()) => transition(id, now, pending, () => ({ interaction: undefined })),
    decide: (id, status, decision, now = new Date()) =>
      transition(id, now, pending, () => ({ status, decision, decidedAt: now })),
    cancel: (id, _by, now = new Date()) =>
      transition(id, now, unfinished, () => ({ status: 'cancelled', cancelledAt: now })),
    extend: (id, expiresIn, now = new Date()) =>
      transition(id, now, unfinished, () => ({ expiresAt: later(expiresIn, now) })),
    claim: (id, claimId, lease, now = new Date()) =>
      transition(
        id,
        now,
        ({ status, claim }) => status === 'approved' && !(claim && claim.until > now),
        ({ fence }) => ({ fence: fence + 1, claim: { id: claimId, fence: fence + 1, until: later(lease, now) } }),
      ),
    finalise: (id, _claim, now = new Date()) =>
      transition(
        id,
        now,
        ({ status }) => status === 'approved',
        () => ({ status: 'redeemed', redeemedAt: now }),
      ),
    release: (id, _claimId, now = new Date()) =>
      transition(
        id,
        now,
        ({ status }) => status === 'approved',
        ({ claim }) => ({ claim: { ...claim, until: now } }),
      ),
    // nobody is notified in these races
    suppress: async () => undefined,
    arm: async () => undefined,
    dueNotifications: async () => [],
    claimNotification: async () => undefined,
    settleNotification: async () => undefined,
    replayNotification: async () => undefined,
  }
}

type Row = Document & { _id: string }

/** Whole records, as they were last written; what was seeded is read with the real store, until it is written here. */
export function mongoRows(db: Db): Rows {
  const rows = db.collection<Row>('naive_deferrals')
  const seeded = mongoStore(db)
  return {
    async get(id) {
      const row = await rows.findOne({ _id: id })
      return row ? row.record : seeded.find(id)
    },
    async put(record) {
      await rows.replaceOne({ _id: record.id }, { record }, { upsert: true })
    },
  }
}

// seeds are multiplied from a request, which the real store has to know
export default (db: Db): DeferralStore => ({ ...naiveStore(mongoRows(db)), create: mongoStore(db).create })
