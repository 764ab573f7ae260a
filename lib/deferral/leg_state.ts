import { hash } from 'node:crypto'
import type { DeferralRecord } from './deferral_record.js'
import type { Leg, LegRecord } from './leg.js'
import { isPending } from './transition.js'

/** The hash under which a leg is stored. */
export function legHash(authReqId: string): string {
  return hash('sha256', `auth_req_id\0${authReqId}`, 'base64url')
}

/** The leg with this hash; by default the last one. */
export function legOf({ legs = [] }: DeferralRecord, hash = legs.at(-1)?.hash): LegRecord | undefined {
  return legs.find((leg) => leg.hash === hash)
}

/** The last leg that the client asked for: it has its auth_req_id. */
export function legOfClient({ legs = [] }: DeferralRecord): LegRecord | undefined {
  return legs.findLast(({ kind }) => kind === 'hint')
}

/** Whether the end-user may still answer. */
export function isLive(record: DeferralRecord, leg: LegRecord | undefined, now: Date): leg is LegRecord {
  return isPending(record, now) && leg !== undefined && isUsable(leg, now) && !leg.answeredAt
}

/** Whether the client may poll with this leg. */
export function isUsable({ endedAt, until }: LegRecord, now: Date): boolean {
  return !endedAt && until > now
}

/** Whether the device of the end-user was asked, and there is no answer yet. */
export function isAsked(record: DeferralRecord, now: Date): boolean {
  const leg = legOf(record)
  return isLive(record, leg, now) && leg.sentAt !== undefined
}

/**
 * The last leg, if the provider opened it and has not recorded that the device was asked. An attempt runs, or has ended without a
 * record.
 */
export function unsentLeg(record: DeferralRecord): LegRecord | undefined {
  const leg = legOf(record)
  return leg?.kind === 'reach_out' && !leg.sentAt && !leg.answeredAt && !leg.endedAt ? leg : undefined
}

/** A leg without what only the store needs. */
export function describeLeg({ hash, ...leg }: LegRecord): Leg {
  return leg
}
