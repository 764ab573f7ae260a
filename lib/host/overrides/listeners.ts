import type { EventEmitter } from 'node:events'
import type { Provider } from 'oidc-provider'
import { emitSafely } from '../emit.js'
import { isAnswerKept } from '../request/answer.js'

/**
 * Overrides `emit` of the provider for the events at the end of a token request. If the answer is final, an error of a listener
 * becomes a warning. No public way: the host emits these events after its handlers, and such an error would replace the answer.
 */
export function installListeners(provider: Provider): void {
  const emitter = provider as unknown as EventEmitter
  const { emit } = emitter
  emitter.emit = function (this: EventEmitter, event: string, ...args: unknown[]) {
    const isEndOfRequest = event === 'grant.success' || event === 'grant.error'
    if (!isEndOfRequest || !isAnswerKept(args[0])) return emit.call(this, event, ...args)
    emitSafely(this, event, ...args)
    return this.listenerCount(event) > 0
  }
}
