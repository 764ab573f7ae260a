/*
 * The filter of a listing as a query. Values are compared as they are, also if they look like operators.
 */
import type { Document } from 'mongodb'
import { beginningOf, listedStatuses } from '../../deferral/listing.js'
import { type NotificationStatus, notificationStatuses } from '../../deferral/notification.js'
import type { DeferralFilter } from '../../deferral/queries.js'
import type { Phase } from './derived.js'
import type { Instant } from './document.js'

/** Deferrals of one phase: all of them, or those before or after their expiry. */
export interface PhaseSelection {
  phase: Phase
  expiry?: 'before' | 'after'
}

const openPhases: readonly Phase[] = ['pending', 'approved']
const equalMembers = ['issuer', 'queue', 'clientId', 'accountId', 'grantId', 'grantType', 'profile'] as const
const textMembers = ['title', '_id', 'clientId', 'accountId']

/** The phases that have these statuses. A sweep may not have reached an expired deferral: the clock decides. */
export function phasesOf(statuses: NonNullable<DeferralFilter['status']> = [...listedStatuses]): PhaseSelection[] {
  const withExpired = statuses.includes('expired')
  const listed = listedStatuses.flatMap((phase): PhaseSelection[] => {
    const isListed = statuses.includes(phase)
    if (!openPhases.includes(phase) || isListed === withExpired) return isListed ? [{ phase }] : []
    return [{ phase, expiry: withExpired ? 'after' : 'before' }]
  })
  return [...listed, ...unlistedPhasesOf(statuses)]
}

function unlistedPhasesOf(statuses: NonNullable<DeferralFilter['status']>): PhaseSelection[] {
  const [isOpen, isEnded] = [statuses.includes('unclaimed'), statuses.includes('unlisted')]
  if (isOpen && isEnded) return [{ phase: 'unclaimed' }, { phase: 'unlisted' }]
  if (isEnded) return [{ phase: 'unclaimed', expiry: 'after' }, { phase: 'unlisted' }]
  return isOpen ? [{ phase: 'unclaimed', expiry: 'before' }] : []
}

/** The deferrals of one phase, as a query. */
export function phaseQuery({ phase, expiry }: PhaseSelection, now: Instant): Document {
  return { phase, ...(expiry && { $expr: isOnSide(expiry, now) }) }
}

/** The deferrals of these phases, as one query. */
export function phasesQuery(phases: PhaseSelection[], now: Instant): Document {
  const isWhole = (status: Phase) => phases.some(({ phase, expiry }) => phase === status && !expiry)
  const isEvery = phases.length === listedStatuses.length && listedStatuses.every(isWhole)
  return isEvery
    ? { phase: { $nin: ['unclaimed', 'unlisted'] } }
    : { $or: phases.map((selection) => phaseQuery(selection, now)) }
}

/** Compares `expiresAt` with the clock, as an expression. */
export function isOnSide(expiry: 'before' | 'after', now: Instant): Document {
  return expiry === 'before' ? { $gt: ['$expiresAt', now] } : { $lte: ['$expiresAt', now] }
}

/** The statuses of a notification that a filter selects. */
export function notificationsOf(wanted: NonNullable<DeferralFilter['notification']>): readonly NotificationStatus[] {
  return wanted === 'any' ? notificationStatuses : [wanted]
}

/** Everything that a filter demands but the status. */
export function conditionsOf(filter: DeferralFilter, now: Instant): Document[] {
  const { assignee, notification, text, createdAfter, createdBefore, expiresBefore, overdue } = filter
  return [
    ...equalMembers.flatMap((name) => (filter[name] === undefined ? [] : [{ [name]: { $eq: filter[name] } }])),
    ...(assignee === undefined ? [] : assigneeConditions(assignee, now)),
    ...(notification === undefined ? [] : [{ 'notification.status': { $in: [...notificationsOf(notification)] } }]),
    ...(text === undefined ? [] : [textCondition(text)]),
    ...(createdAfter ? [{ createdAt: { $gte: createdAfter } }] : []),
    ...(createdBefore ? [{ createdAt: { $lt: createdBefore } }] : []),
    ...(expiresBefore ? [{ expiresAt: { $lt: expiresBefore } }] : []),
    ...(overdue ? [{ $expr: { $lte: ['$dueBy', now] } }] : []),
  ]
}

function assigneeConditions(name: string | null, now: Instant): Document[] {
  const isAssigned = { $gt: ['$assignee.until', now] }
  if (name === null) return [{ $expr: { $not: [isAssigned] } }]
  return [{ 'assignee.to': { $eq: name } }, { $expr: isAssigned }]
}

function textCondition(text: string): Document {
  const beginning = { $regex: beginningOf(text) }
  return { $or: textMembers.map((name) => ({ [name]: beginning })) }
}
