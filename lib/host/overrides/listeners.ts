import type { EventEmitter } from 'node:events'
import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'

// of requests whose answer stands; without a body it is the error that is about to be rendered
const answers = new WeakMap<object, { body: unknown }>()

/**
 * The answer of this request stands: what it tells was written and cannot be told again. A listener or a middleware of the
 * integrator's that throws from now on costs a warning.
 */
export function keepAnswer(ctx: Context): void {
  answers.set(ctx, { body: ctx.body })
}

/** Calls every listener, each by itself: one that throws, or rejects later, keeps nothing from the others or from the client. */
export function emitSafely(emitter: EventEmitter, event: string, ...args: unknown[]): void {
  for (const listener of emitter.rawListeners(event)) {
    try {
      const returned: unknown = Reflect.apply(listener, emitter, args)
      Promise.resolve(returned).catch((error: unknown) => warn(`a listener of ${event}`, error))
    } catch (error) {
      warn(`a listener of ${event}`, error)
    }
  }
}

/** Puts the answer of a request back after middleware around the host's routes threw `error`; rethrows it where none was kept. */
export function putBack(ctx: Context, error: unknown): void {
  const answer = answers.get(ctx)
  if (!answer) throw error
  warn('a middleware', error)
  if (answer.body === undefined) return
  ctx.status = 200
  ctx.body = answer.body
}

/**
 * Has the host emit the end of a request safely where its answer was kept. No public way: the host emits after its handlers, and an
 * error of a listener would replace the answer.
 */
export function installListeners(provider: Provider): void {
  const emitter = provider as unknown as EventEmitter
  const { emit } = emitter
  emitter.emit = function (this: EventEmitter, event: string, ...args: unknown[]) {
    const isKept = (event === 'grant.success' || event === 'grant.error') && answers.has(Object(args[0]))
    if (!isKept) return emit.call(this, event, ...args)
    emitSafely(this, event, ...args)
    return this.listenerCount(event) > 0
  }
}

function warn(of: string, error: unknown): void {
  process.emitWarning(`${of} failed: ${textOf(error)}`)
}

// what is thrown may be anything, and some of that has no text
function textOf(error: unknown): string {
  try {
    return `${(error as Error)?.stack ?? error}`
  } catch {
    return 'it threw what cannot be shown'
  }
}
