import type { Collection, Document, Filter } from 'mongodb'
import type { DeferralRecord } from '../deferral/deferral.js'
import type { Sealing } from '../deferral/notification.js'
import type { DeferralStore, DueNotification } from '../deferral/store.js'
import { type DeferralDocument, type Instant, seconds, unexpired } from './mongodb_document.js'
import { dueIndex } from './mongodb_schema.js'

type Verbs = Pick<
  DeferralStore,
  'suppress' | 'arm' | 'dueNotifications' | 'claimNotification' | 'settleNotification' | 'replayNotification'
>

/** One conditional update of one document; the stages of `change` are applied in order. */
export type Transit = (
  id: string,
  now: Instant,
  guard: Filter<DeferralDocument>,
  change: Document | Document[],
) => Promise<DeferralRecord | undefined>

const kept = '$notification'
const status = '$notification.status'
const leased = 'notification.leased'
const isStatus = (...statuses: string[]) => ({ $in: [{ $ifNull: [status, ''] }, statuses] })

// neither what is sealed nor what was asked for
const seen = ['status', 'due', 'fence', 'reason', 'answer'].map((name) => [`notification.${name}`, 1])
const glimpse = { clientId: 1, expiresAt: 1, ...Object.fromEntries(seen) }

// where there is no notification there will be none
const changed = (condition: unknown, members: Document) => ({
  $cond: [condition, { $mergeObjects: [kept, members] }, kept],
})

/** The notification of a handle that is being issued; `isDecided` is an expression. */
export function begin(sealing: Sealing | undefined, isDecided: unknown, expiresAt: unknown, now: Instant): Document {
  if (!sealing) return {}
  const heldUntil = seconds(sealing.hold, now)
  const first = { sealed: { $literal: sealing.sealed }, heldUntil, attempts: 0, fence: 0 }
  const waiting = { ...first, status: 'waiting', due: expiresAt }
  return { notification: { $cond: [isDecided, { ...first, status: 'owed', due: heldUntil }, waiting] } }
}

/** There is something to tell, while there is time. */
export function owe(now: Instant): Document {
  const due = { $max: [now, '$notification.heldUntil'] }
  return { notification: changed({ $and: [isStatus('waiting'), unexpired(now)] }, { status: 'owed', due }) }
}

/** Nothing has to be told any more; to be followed by `erase`. */
export const suppressed: Document = { notification: changed(isStatus('waiting', 'owed'), { status: 'suppressed' }) }

/** What is sealed is forgotten, and no worker has to look again. */
export const erase: Document = { $unset: ['notification.sealed', 'notification.due', 'notification.leased'] }

/** The same, with another expiry; a lease stays as it is. */
export function prolong(expiresAt: unknown): Document {
  const due = '$notification.due'
  const isKept = { $and: [isStatus('owed'), { $or: [{ $lt: [due, expiresAt] }, '$notification.leased'] }] }
  const sooner = { $cond: [isKept, due, expiresAt] }
  return { notification: changed({ $gt: [due, null] }, { due: sooner }) }
}

/** The worker's transitions. */
export function notificationVerbs(transition: Transit, collection: () => Promise<Collection<DeferralDocument>>): Verbs {
  return {
    async suppress(id, at) {
      return transition(id, at ?? '$$NOW', { 'notification.sealed': { $exists: true } }, [{ $set: suppressed }, erase])
    },

    async arm(id, delay, at) {
      const now = at ?? '$$NOW'
      const guard = { 'notification.status': { $in: ['waiting', 'owed'] }, 'notification.attempts': 0 }
      const heldUntil = seconds(delay, now)
      const due = { $cond: [isStatus('owed'), heldUntil, '$notification.due'] }
      return transition(id, now, guard, { $set: { 'notification.heldUntil': heldUntil, 'notification.due': due } })
    },

    async dueNotifications({ after, limit }, at) {
      const now = at ?? '$$NOW'
      const deferrals = await collection()
      const filter: Filter<DeferralDocument> = {
        'notification.due': after ? { $gte: after.due } : { $exists: true },
        ...(after && { $or: [{ 'notification.due': { $gt: after.due } }, { _id: { $gt: after.id } }] }),
        $expr: { $lte: ['$notification.due', now] },
      }
      const sort = { 'notification.due': 1, _id: 1 } as const
      // without the index every sweep would read the whole collection: better an error
      const page = deferrals.find(filter, { hint: dueIndex, projection: { ...glimpse, readAt: now }, sort, limit })
      return (await page.toArray()).map(({ _id, ...seen }) => ({ id: _id, ...seen }) as DueNotification)
    },

    async claimNotification(id, lease, at) {
      const now = at ?? '$$NOW'
      const isDue = { 'notification.due': { $exists: true }, $expr: { $lte: ['$notification.due', now] } }
      const isAttempt = { $and: [isStatus('owed'), unexpired(now)] }
      const change = {
        'notification.due': seconds(lease, now),
        'notification.leased': true,
        'notification.fence': { $add: ['$notification.fence', 1] },
        'notification.attempts': { $add: ['$notification.attempts', { $cond: [isAttempt, 1, 0] }] },
        'notification.attemptedAt': { $cond: [isAttempt, now, '$notification.attemptedAt'] },
      }
      return transition(id, now, isDue, { $set: change })
    },

    async settleNotification(id, fence, settlement, at) {
      const now = at ?? '$$NOW'
      const isOpen = settlement.status !== 'delivered' && { 'notification.due': { $exists: true } }
      const { delay, ...told } = { delay: 0, ...settlement }
      const known = Object.entries(told).filter(([, value]) => value !== undefined)
      const members = Object.fromEntries(known.map(([name, value]) => [`notification.${name}`, { $literal: value }]))
      const stages: Document[] = [{ $unset: ['notification.reason', 'notification.answer', leased] }, { $set: members }]
      switch (settlement.status) {
        case 'owed':
          stages.push({ $set: { 'notification.due': { $min: [seconds(delay, now), '$expiresAt'] } } })
          break
        case 'failed':
          stages.push({ $set: { notification: untilExpiry(now) } })
          break
        case 'delivered':
          stages.push({ $set: { 'notification.deliveredAt': now } }, erase)
          break
        case 'suppressed':
          stages.push(erase)
      }
      return transition(id, now, { 'notification.fence': fence, ...isOpen }, stages)
    },

    async replayNotification(id, at) {
      const now = at ?? '$$NOW'
      const isLater = { $gt: ['$notification.due', now] }
      const isWaiting = { $and: [{ $eq: [status, 'owed'] }, { $not: [`$${leased}`] }, isLater] }
      const isReplayable = { $or: [{ $eq: [status, 'failed'] }, isWaiting] }
      const guard = { 'notification.sealed': { $exists: true }, $expr: { $and: [unexpired(now), isReplayable] } }
      const due = { $max: [now, '$notification.heldUntil'] }
      const change = { status: 'owed', due, attempts: 0, fence: { $add: ['$notification.fence', 1] } }
      const stages = [{ $set: { notification: { $mergeObjects: [kept, change] } } }, { $unset: [leased] }]
      return transition(id, now, guard, stages)
    },
  }
}

// a dead letter can be sent again while there is something to be told about
function untilExpiry(now: Instant): Document {
  const withoutDue = { $setField: { field: 'due', input: kept, value: '$$REMOVE' } }
  const erased = { $setField: { field: 'sealed', input: withoutDue, value: '$$REMOVE' } }
  return { $cond: [unexpired(now), { $mergeObjects: [kept, { due: '$expiresAt' }] }, erased] }
}
