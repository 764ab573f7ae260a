import type { EventEmitter } from 'node:events'
import type { Provider } from 'oidc-provider'
import { describe } from '../deferral/describe.js'
import { type Events, eventsOf } from '../deferral/events.js'
import { isUnclaimed } from '../deferral/transition.js'
import { callSafely } from '../deferral/warnings.js'

/** Emits `deferral.*` events on the provider after each change that this process has written. */
export function emitDeferralEvents(provider: Provider, events: Events): void {
  events.subscribe((record, entry) => {
    if (isUnclaimed(record)) return
    for (const event of eventsOf(entry)) {
      const name = `deferral.${event}` as const
      if (provider.listenerCount(name as never) > 0) emitSafely(provider, name, describe(record))
    }
  })
}

/** A request that was refused because too many wait already. */
export interface CappedRequest {
  clientId: string
  /** absent with `client_credentials` */
  accountId?: string
  /** the member of the option `maxPending` that was reached, and its value */
  cap: 'perAccount' | 'perClient'
  limit: number
}

/** Emits `deferral.capped` on the provider. */
export function emitCapped(provider: Provider, request: CappedRequest): void {
  emitSafely(provider, 'deferral.capped', request)
}

/**
 * Calls every listener of an event. If one throws or rejects, the plugin warns, and still calls the others.
 */
export function emitSafely(emitter: EventEmitter, event: string, ...args: unknown[]): void {
  for (const listener of emitter.rawListeners(event)) {
    callSafely(`a listener of ${event}`, () => Reflect.apply(listener, emitter, args))
  }
}
