import type { EventEmitter } from 'node:events'
import type { Provider } from 'oidc-provider'
import { emitSafely } from '../emit.js'
import { isAnswerKept } from '../request/answer.js'

/**
 * Has the host emit the end of a request safely where its answer was kept. No public way: the host emits after its handlers, and an
 * error of a listener would replace the answer.
 */
export function installListeners(provider: Provider): void {
  const emitter = provider as unknown as EventEmitter
  const { emit } = emitter
  emitter.emit = function (this: EventEmitter, event: string, ...args: unknown[]) {
    const isEnd = event === 'grant.success' || event === 'grant.error'
    if (!isEnd || !isAnswerKept(args[0])) return emit.call(this, event, ...args)
    emitSafely(this, event, ...args)
    return this.listenerCount(event) > 0
  }
}
