import type { HistoryEntry, Stored } from './store.js'

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

/** What is to happen when a change was written; must not throw. */
export type Subscriber = (record: Stored, entry: HistoryEntry) => void

/** The changes that this process writes. */
export interface Events {
  /** Calls every subscriber, in the order in which they subscribed; after the write. */
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
