/*
 * The part of the state machine for questions to the end-user over CIBA: when the provider asks, and the legs. A leg is one CIBA
 * request. Of several legs only the last one counts.
 */
import type { By } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import type { LegRecord } from './leg.js'
import { isLive, isUsable, legOf, legOfClient, unsentLeg } from './leg_state.js'
import type { Sealing } from './notification.js'
import { newPing, owePing, suppressPing } from './notification_members.js'
import type { Change } from './store.js'
import { changeOf, isPending, named, seconds, type Transition } from './transition.js'

/** A leg to open; the end-user has `expiresIn` seconds to answer. `sealing`: the secrets of its ping. */
export type NewLeg = Pick<LegRecord, 'kind' | 'hash'> & { expiresIn: number; sealing?: Sealing }

/** The provider shall ask now. Harmless when written twice. */
export const armReachOut: Transition = (record, now) =>
  isPending(record, now) && record.reachOutAt && !record.reachOutAttempts
    ? changeOf(record, { reachOutAt: now })
    : undefined

/** An operator wants the provider to ask, at most `maxLegs` times. */
export const requestReachOut =
  (maxLegs: number, by?: By): Transition =>
  (record, now) => {
    const { accountId, legs = [] } = record
    if (!isPending(record, now) || !record.exchangedAt || accountId === undefined) return undefined
    // with `reachOutAt` an attempt runs or is planned. Without it an unsent leg is that of a failed attempt, and does not count
    const unsent = record.reachOutAt ? undefined : unsentLeg(record)
    if (legs.length - (unsent ? 1 : 0) >= maxLegs || (!unsent && isLive(record, legOf(record), now))) return undefined
    const members = { reachOutAt: now, reachOutRequestedAt: now, reachOutAttempts: undefined, reachOutFault: undefined }
    return changeOf(record, members, { at: now, event: 'reach_out_requested', ...named(by) }, true)
  }

/** Leases the question for `lease` seconds, for one attempt. */
export const leaseReachOut =
  (lease: number): Transition =>
  (record, now) => {
    const { reachOutAt, reachOutAttempts = 0 } = record
    if (!isPending(record, now) || !reachOutAt || reachOutAt > now) return undefined
    const attempts = reachOutAttempts + 1
    const members = { reachOutAt: seconds(lease, now), reachOutAttempts: attempts }
    return changeOf(record, members, { at: now, event: 'reach_out_attempted', attempts }, true)
  }

/** The attempt has failed. With `delay` there will be another one. */
export const failReachOut =
  (fault: string, delay?: number): Transition =>
  (record, now) => {
    if (!record.reachOutAt) return undefined
    const members = { reachOutAt: delay === undefined ? undefined : seconds(delay, now), reachOutFault: fault }
    return changeOf(record, members, { at: now, event: 'reach_out_failed', reason: fault })
  }

/** The end-user is not to be asked. Harmless when written twice. */
export const skipReachOut: Transition = (record) =>
  record.reachOutAt ? changeOf(record, { reachOutAt: undefined }) : undefined

/** Opens a leg. It ends the leg before it. */
export const openLeg =
  ({ kind, hash, expiresIn, sealing }: NewLeg, maxLegs: number): Transition =>
  (record, now) => {
    const { legs = [], accountId } = record
    if (!isPending(record, now) || accountId === undefined || legs.length >= maxLegs) return undefined
    const earlier = legs.map((other) => (isLive(record, other, now) ? ended(other, 'superseded', now) : other))
    const until = new Date(Math.min(seconds(expiresIn, now).getTime(), record.expiresAt.getTime()))
    const opened = { kind, hash, openedAt: now, until }
    const members = { legs: [...earlier, opened], ...pingOf({ ...record, legs: earlier }, sealing, until, now) }
    return changeOf(record, members, { at: now, event: 'leg_opened', kind }, true)
  }

/** The device of the end-user was asked. Harmless when written twice. */
export const noteSent =
  (hash: string): Transition =>
  (record, now) => {
    const leg = legOf(record, hash)
    if (!leg || leg.sentAt) return undefined
    const asked = { reachOutAt: undefined, reachOutFault: undefined }
    return changeOf(record, { ...replaced(record, { ...leg, sentAt: now }), ...asked }, { at: now, event: 'leg_sent' })
  }

/** The device could not be asked: the leg does not count. A slow attempt may have asked it meanwhile: then nothing changes. */
export const freeLeg =
  (hash: string, reason: string): Transition =>
  (record, now) => {
    const leg = legOf(record, hash)
    if (!leg || leg.sentAt) return undefined
    const legs = record.legs?.filter((leg) => leg.hash !== hash) ?? []
    const members = {
      legs: legs.length > 0 ? legs : undefined,
      ...(legOfClient(record)?.hash === hash && suppressPing(record)),
    }
    return changeOf(record, members, { at: now, event: 'leg_failed', reason })
  }

/** Ends a leg without a decision. Its client is pinged: the next poll with the auth_req_id says so. */
export const endLeg =
  (hash: string, reason: string): Transition =>
  (record, now) => {
    const leg = legOf(record, hash)
    if (!isLive(record, leg, now)) return undefined
    const members = { ...replaced(record, ended(leg, reason, now)), ...owePing(record, now) }
    return changeOf(record, members, { at: now, event: 'leg_ended', reason })
  }

/** Decides or votes with the answer of the end-user, if this leg is the last one and its time is not over. */
export const answerLeg =
  (hash: string, transition: Transition): Transition =>
  (record, now) => {
    const leg = legOf(record)
    if (leg?.hash !== hash || !isLive(record, leg, now)) return undefined
    const change = transition(record, now)
    return change && withLegs(change, replaced(record, { ...leg, answeredAt: now }))
  }

/** Records that something about a leg had no effect. */
export const noteLeg =
  (event: 'leg_result_discarded' | 'leg_refused', reason: string): Transition =>
  (record, now) =>
    changeOf(record, {}, { at: now, event, reason })

// an earlier leg of the client that was answered with a vote can still be polled with
function pingOf(record: DeferralRecord, sealing: Sealing | undefined, until: Date, now: Date): object {
  if (sealing) return { ping: newPing(record, sealing, until, now) }
  const leg = legOfClient(record)
  return leg && isUsable(leg, now) ? {} : suppressPing(record)
}

function ended(leg: LegRecord, reason: string, now: Date): LegRecord {
  return { ...leg, endedAt: now, reason }
}

function replaced({ legs = [] }: DeferralRecord, leg: LegRecord): { legs: LegRecord[] } {
  return { legs: legs.map((other) => (other.hash === leg.hash ? leg : other)) }
}

function withLegs(change: Change, legs: { legs: LegRecord[] }): Change {
  return { ...change, after: { ...change.after, ...legs } }
}
