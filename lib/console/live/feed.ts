import type { Provider } from 'oidc-provider'
import type { Deferral, DeferralEvent } from '../../index.js'

// `exchanged` and what happens to notifications changes nothing that a list shows
const events = [
  'created',
  'assigned',
  'commented',
  'overdue',
  'voted',
  'approved',
  'denied',
  'cancelled',
  'redeemed',
  'expired',
  'erased',
] as const satisfies readonly DeferralEvent[]

/** A page that listens. */
export interface Listener {
  operatorId: string
  changed(event: DeferralEvent | 'changed', deferral: Deferral): void
  /** the provider is closed */
  end(): void
}

/** Changes of deferrals, for the pages that listen. */
export interface Feed {
  /** Adds a listener; false if there are too many, or if the provider is closed. */
  add(listener: Listener): boolean
  remove(listener: Listener): void
}

const most = 500
const mostOfOne = 10

/**
 * The changes that this node has written, and those of other nodes where the store can tell of them. Pages do not care where a change
 * comes from.
 */
export function createFeed(provider: Provider): Feed {
  const listeners = new Set<Listener>()
  let isConnected = false

  function connect(): void {
    isConnected = true
    for (const event of events) {
      provider.on(`deferral.${event}`, (deferral) => {
        for (const listener of listeners) listener.changed(event, deferral)
      })
    }
    provider.deferrals.watch((deferral) => {
      for (const listener of listeners) listener.changed('changed', deferral)
    })
    provider.deferrals.closing.addEventListener('abort', () => {
      for (const listener of [...listeners]) listener.end()
    })
  }

  return {
    add(listener) {
      const ofOne = [...listeners].filter(({ operatorId }) => operatorId === listener.operatorId)
      if (listeners.size >= most || ofOne.length >= mostOfOne || provider.deferrals.closing.aborted) return false
      if (!isConnected) connect()
      listeners.add(listener)
      return true
    },
    remove: (listener) => void listeners.delete(listener),
  }
}
