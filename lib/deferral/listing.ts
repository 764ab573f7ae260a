/*
 * What a listing selects, and in which order. The memory store applies these functions; another store translates them into
 * queries of its database.
 */
import { assigneeOf } from './assignment_transitions.js'
import type { DeferralRecord } from './deferral_record.js'
import { casesOf } from './letter_cases.js'
import type { DeferralFilter, FilterStatus, ListOrder, ListPosition } from './queries.js'
import { isOverdue, isPending, isUnclaimed, isUnexpired, isUnfinished } from './transition.js'

/** The statuses of a listing. */
export const listedStatuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired'] as const

/** The orders of a listing. */
export const listOrders = ['newest', 'oldest', 'due', 'expiring'] as const satisfies readonly ListOrder[]

/** The status by which a filter selects this record. */
export function listedStatus(record: DeferralRecord, now: Date): FilterStatus {
  if (isUnclaimed(record)) return isPending(record, now) ? 'unclaimed' : 'unlisted'
  return isUnfinished(record) && !isUnexpired(record, now) ? 'expired' : record.status
}

/** The records that a filter selects. */
export function selected<T extends DeferralRecord>(records: readonly T[], filter: DeferralFilter, now: Date): T[] {
  const beginning = filter.text === undefined ? undefined : new RegExp(beginningOf(filter.text), 'u')
  return records.filter((record) => isSelected(record, filter, now) && (!beginning || isFound(record, beginning)))
}

function isSelected(record: DeferralRecord, filter: DeferralFilter, now: Date): boolean {
  const equal = ['issuer', 'queue', 'clientId', 'accountId', 'grantId', 'grantType', 'profile'] as const
  const status = listedStatus(record, now)
  const statuses: readonly unknown[] = filter.status ?? listedStatuses
  return (
    statuses.includes(status) &&
    equal.every((name) => filter[name] === undefined || record[name] === filter[name]) &&
    (filter.assignee === undefined || (assigneeOf(record, now)?.to ?? null) === filter.assignee) &&
    isNotified(record, filter.notification) &&
    !(filter.createdAfter && record.createdAt < filter.createdAfter) &&
    !(filter.createdBefore && record.createdAt >= filter.createdBefore) &&
    !(filter.expiresBefore && record.expiresAt >= filter.expiresBefore) &&
    (!filter.overdue || isOverdue(record, now))
  )
}

type Positioned = Pick<DeferralRecord, 'id' | 'createdAt' | 'dueAt' | 'expiresAt'>

/** The place of a record in a listing. */
export function positionOf(record: Positioned, order: ListOrder): ListPosition {
  const { id, createdAt, dueAt, expiresAt } = record
  if (order === 'due') return { id, ...(dueAt && { at: dueAt }) }
  return { id, at: order === 'expiring' ? expiresAt : createdAt }
}

/** Compares two places in a listing: below zero if the first one comes first. */
export function compare(order: ListOrder, a: ListPosition, b: ListPosition): number {
  const ascending = instant(a) - instant(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  return order === 'newest' ? -ascending : ascending
}

/** A regular expression for texts that begin with this one, in upper or lower case. It has the same meaning in JavaScript and in PCRE. */
export function beginningOf(text: string): string {
  return `^${Array.from(text, inAnyCase).join('')}`
}

function inAnyCase(character: string): string {
  const letters = casesOf(character)
  return letters.length > 1 ? `[${letters.join('')}]` : escaped(character)
}

function escaped(character: string): string {
  return character === '\0' ? '\\x00' : character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&')
}

// the last instant that a Date can have: those without a time come last
const endOfTime = 8.64e15

const instant = ({ at }: ListPosition) => at?.getTime() ?? endOfTime

function isNotified({ notification }: DeferralRecord, wanted: DeferralFilter['notification']): boolean {
  if (wanted === undefined) return true
  return wanted === 'any' ? notification !== undefined : notification?.status === wanted
}

function isFound({ title, id, clientId, accountId }: DeferralRecord, beginning: RegExp): boolean {
  return [title, id, clientId, accountId].some((member) => member !== undefined && beginning.test(member))
}
