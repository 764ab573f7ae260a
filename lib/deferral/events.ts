import type { HistoryEntry } from './deferral.js'
import type { Stored } from './store.js'

/** In the order of a deferral's life. */
export const events = [
  'created',
  'exchanged',
  'assigned',
  'commented',
  'overdue',
  'voted',
  'approved',
  'denied',
  'cancelled',
  'redeemed',
  'expired',
  'notified',
  'notification_failed',
  'erased',
] as const

/** Events on the provider, after the write, in the process that made it. */
export type DeferralEvent = (typeof events)[number]

/** The events that are emitted for a history entry. */
export function eventsOf({ event, notification, status }: HistoryEntry): DeferralEvent[] {
  // nothing was emitted before the first poll of a direct deferral, a decision included
  if (event === 'claimed') return events.filter((name) => name === 'created' || name === status)
  const names = events.filter((name) => name === event)
  // one write may end the deferral and its notification
  return event === 'expired' && notification === 'failed' ? [...names, 'notification_failed'] : names
}

/** Called after the write of a change; must not throw. */
export type Subscriber = (record: Stored, entry: HistoryEntry) => void

/** Publishes the changes that this process has written. */
export interface Events {
  /** Calls all subscribers, in the order of their subscription. */
  publish: Subscriber
  subscribe(subscriber: Subscriber): void
}

/** Events without subscribers. */
export function createEvents(): Events {
  const subscribers: Subscriber[] = []
  return {
    publish(record, entry) {
      for (const subscriber of subscribers) subscriber(record, entry)
    },
    subscribe: (subscriber) => void subscribers.push(subscriber),
  }
}
