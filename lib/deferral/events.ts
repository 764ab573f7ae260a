import type { HistoryEntry } from './store.js'

const events = [
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

/** What a history entry is announced as. */
export function eventsOf({ event, notification }: HistoryEntry): DeferralEvent[] {
  const announced = events.filter((one) => one === event)
  // one write may end both
  return event === 'expired' && notification === 'failed' ? [...announced, 'notification_failed'] : announced
}
