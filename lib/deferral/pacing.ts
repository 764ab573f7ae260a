import type { DeferralRecord } from './deferral_record.js'
import type { Events } from './events.js'

/** The part of a deferral that pacing keeps, to refuse an early poll without reading it again. */
export type PacedDeferral = Pick<
  DeferralRecord,
  'id' | 'clientId' | 'handleHash' | 'binding' | 'interval' | 'expiresAt'
>

interface Stamp {
  deferral: PacedDeferral
  acceptedAt: number
  readAt: number
  lastPollTaken: boolean
}

/** Refuses polls that come too early. Each node counts for itself: nothing is stored or shared. */
export interface Pacing {
  /** The deferral, if it was read as pending at most a second ago and a poll is too early now. */
  tooEarly(id: string, now: number): PacedDeferral | undefined
  /** Whether a poll that read the deferral as pending is on time. An accepted one moves the stamp, a refused one does not. */
  admit(deferral: PacedDeferral, now: number): boolean
  /** Counts the interval from now: a poll that was accepted earlier is answered now. */
  answered(deferral: PacedDeferral, now: number): void
  /** What was read about this deferral may be outdated, or about all: the next poll reads it again. */
  distrust(id?: string): void
  /** Forgets a deferral that is no longer pending. */
  forget(id: string): void
}

const trustSeconds = 1
const tidySeconds = 60

/**
 * Pacing for up to `size` deferrals: above that the least recently polled ones are forgotten. Expired ones are forgotten during a
 * poll, once a minute.
 */
export function createPacing(size = 100_000): Pacing {
  const stamps = new Map<string, Stamp>()
  let tidiedAt = Number.NEGATIVE_INFINITY

  function tidy(now: number): void {
    if (Math.abs(now - tidiedAt) < tidySeconds * 1000) return
    tidiedAt = now
    for (const [id, { deferral }] of stamps) if (deferral.expiresAt.getTime() <= now) stamps.delete(id)
  }

  function remember(id: string, stamp: Stamp): void {
    stamps.delete(id)
    stamps.set(id, stamp)
    if (stamps.size > size) stamps.delete(stamps.keys().next().value as string)
  }

  return {
    tooEarly(id, now) {
      const stamp = stamps.get(id)
      const age = stamp ? now - stamp.readAt : Number.NaN
      const isFresh = stamp && age >= 0 && age <= trustSeconds * 1000 && stamp.deferral.expiresAt.getTime() > now
      if (!isFresh || !isEarly(stamp, now)) return undefined
      return stamp.deferral
    },

    admit(record, now) {
      tidy(now)
      const deferral = partOf(record)
      const { id } = deferral
      const stamp = stamps.get(id)
      if (stamp && isEarly({ ...stamp, deferral }, now)) {
        remember(id, { ...stamp, deferral, readAt: now })
        return false
      }
      remember(id, accepted(deferral, now))
      return true
    },

    answered: (record, now) => remember(record.id, accepted(partOf(record), now)),

    distrust(id) {
      const outdated = id === undefined ? stamps.values() : [stamps.get(id)]
      for (const stamp of outdated) if (stamp) stamp.readAt = Number.NEGATIVE_INFINITY
    },

    forget(id) {
      stamps.delete(id)
    },
  }
}

/** The pacing of a node. It forgets a deferral when the node writes that the deferral is no longer pending. */
export function pacingOf(events: Events): Pacing {
  const pacing = createPacing()
  events.subscribe(({ id, status, expiredAt }) => {
    if (status !== 'pending' || expiredAt) pacing.forget(id)
  })
  return pacing
}

function accepted(deferral: PacedDeferral, now: number): Stamp {
  const lastPollTaken = deferral.expiresAt.getTime() - now <= deferral.interval * 1000
  return { deferral, acceptedAt: now, readAt: now, lastPollTaken }
}

function isEarly({ deferral, acceptedAt, lastPollTaken }: Stamp, now: number): boolean {
  const interval = deferral.interval * 1000
  const elapsed = now - acceptedAt
  // after a clock was set back the elapsed time means nothing
  if (elapsed < 0 || elapsed >= interval - Math.max(1000, interval * 0.05)) return false
  // the draft allows one last poll shortly before expiry, even inside the interval
  return lastPollTaken || deferral.expiresAt.getTime() - now > interval
}

// the argument may be a whole record, which is too large to remember
function partOf({ id, clientId, handleHash, binding, interval, expiresAt }: PacedDeferral): PacedDeferral {
  return { id, clientId, interval, expiresAt, ...(handleHash && { handleHash }), ...(binding && { binding }) }
}
