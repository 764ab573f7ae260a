import type { HistoryEntry } from './store.js'

/** In the order of a deferral's life. */
export const events = [
  'created',
  'exchanged',
  'approved',
  'denied',
  'cancelled',
  'redeemed',
  'expired',
  'notified',
  'notification_failed',
] as const

/** Events on the provider, after the write, in the process that made it. */
export type DeferralEvent = (typeof events)[number]

/** The events that are emitted for a history entry. */
export function eventsOf({ event, notification }: HistoryEntry): DeferralEvent[] {
  const emitted = events.filter((name) => name === event)
  // one write may end the deferral and its notification
  return event === 'expired' && notification === 'failed' ? [...emitted, 'notification_failed'] : emitted
}
