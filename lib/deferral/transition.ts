import type { By, HistoryEntry } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import type { Change } from './store.js'

/** Computes the change of a record at this time. `undefined`: the guard fails. */
export type Transition = (record: DeferralRecord, now: Date) => Change | undefined

/** The time `count` seconds after `from`. */
export const seconds = (count: number, from: Date) => new Date(from.getTime() + count * 1000)

/** Whether the deferral has not expired. */
export const isUnexpired = ({ expiresAt }: DeferralRecord, now: Date) => expiresAt > now

/** Whether it can still be decided. */
export const isPending = (record: DeferralRecord, now: Date) => record.status === 'pending' && isUnexpired(record, now)

/** Whether it is a direct deferral that its client has not polled yet. */
export const isUnclaimed = ({ direct }: DeferralRecord) => direct === 'unclaimed'

/** The member `by` of a history entry. */
export const named = (by: By | undefined): { by?: By } => (by === undefined ? {} : { by })

/** Whether it is pending, and past the time at which it should be decided. */
export const isOverdue = (record: DeferralRecord, now: Date) =>
  isPending(record, now) && !isUnclaimed(record) && record.dueAt !== undefined && record.dueAt <= now

/** Whether it is pending or approved. */
export const isUnfinished = ({ status }: DeferralRecord) => status === 'pending' || status === 'approved'

/** A change of these members. A member that is `undefined` is removed. */
export function changeOf(record: DeferralRecord, members: object, entry?: HistoryEntry, unexpired = false): Change {
  const after = withWakeAt({ ...record, ...members, ...(entry && wokenTask(record, members, entry.at)) })
  return { after, unexpired, ...(entry && { entry }) }
}

// whatever ends a deferral makes its task due: the other service must not go on with it. A leased task is woken by its worker
function wokenTask(record: DeferralRecord, members: Partial<DeferralRecord>, now: Date): { taskDue?: Date } {
  const isOpen = record.taskDue !== undefined && !record.task?.leased && record.status === 'pending'
  const isEnding = (members.status ?? 'pending') !== 'pending' || (members.expiredAt && !record.expiredAt)
  return isOpen && isEnding ? { taskDue: now } : {}
}

/** The record with its `wakeAt`. Members that are `undefined` are left out. */
export function withWakeAt(members: object): DeferralRecord {
  const record: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) if (value !== undefined) record[name] = value
  const wakeAt = nextWake(record as object as DeferralRecord)
  if (wakeAt) record.wakeAt = wakeAt
  else delete record.wakeAt
  return record as object as DeferralRecord
}

function nextWake(record: DeferralRecord): Date | undefined {
  const expiry = isUnfinished(record) && !record.expiredAt ? record.expiresAt : undefined
  const due =
    record.status === 'pending' && !isUnclaimed(record) && !record.expiredAt && !record.overdueAt
      ? record.dueAt
      : undefined
  const reachOut = record.status === 'pending' && !record.expiredAt ? record.reachOutAt : undefined
  const candidates = [
    record.notification?.due,
    record.ping?.due,
    expiry,
    due,
    reachOut,
    record.taskDue,
    record.answer?.until,
  ]
  const instants = candidates.filter((instant) => instant !== undefined)
  return instants.sort((a, b) => a.getTime() - b.getTime())[0]
}
