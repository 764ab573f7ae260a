import { type Adapter, errors } from 'oidc-provider'
import { type Change, type DeferRequest, type DeferralStore, type Deferring, memoryStore } from 'oidc-provider-deferred'
import { memoryAdapter } from './memory_adapter.js'

/** A fault to come: before the call does anything, or when its reply is lost. */
interface Fault {
  when: 'before' | 'after'
  error: unknown
}

/** What was called, by name and in order, and the faults still to come. */
export interface Observation {
  calls: string[]
  /** the next call of this name fails; `after`: it did its work, the reply is lost */
  failNext(name: string, when?: Fault['when'], error?: unknown): void
  /** runs once, in the middle of the next call of this name, before its work */
  interrupt(name: string, by: () => Promise<unknown>): void
}

/**
 * A store that is watched. Calls are named by operation: `insert`, `find`, `find in doubt`, `swap exchanged` (by the history entry,
 * plain `swap` without one). Sweeps come at any moment: their `due`, `swap expired` and `swap overdue` can fail, but are not among the calls.
 */
export function observedStore(inner: DeferralStore = memoryStore()): Observation & { store: DeferralStore } {
  const observer = createObserver()
  return { ...observer.observation, store: observer.watch(inner, '') }
}

/** The name of a call of a store. */
export function storeCall(operation: string, args: unknown[]): string {
  if (operation === 'find' && args[2] === true) return 'find in doubt'
  const event = operation === 'swap' && (args[1] as Change).entry?.event
  return event ? `swap ${event}` : operation
}

/** An adapter of the host that is watched: calls are named `Model.verb`. */
export function observedAdapter(inner = memoryAdapter()): Observation & { adapter: (name: string) => Adapter } {
  const observer = createObserver()
  return { ...observer.observation, adapter: (name) => observer.watch(inner(name), `${name}.`) }
}

/** An adapter as far away as a real one is: every call takes some turns of the event loop, in which others get theirs. */
export function distantAdapter(inner = memoryAdapter()): (name: string) => Adapter {
  return (name) =>
    new Proxy(inner(name), {
      get(target, verb) {
        const member: unknown = Reflect.get(target, verb)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
          return Reflect.apply(member, target, args)
        }
      },
    })
}

/** A `defer` that is watched, and decides what a test says. */
export function observedDefer(initially: (request: DeferRequest) => unknown = () => true) {
  const observed = {
    asked: [] as DeferRequest[],
    decide: initially,
    defer(_ctx: unknown, request: DeferRequest): boolean | Deferring {
      observed.asked.push(request)
      return observed.decide(request) as boolean | Deferring
    },
    /** nobody has been asked yet, and the first decision holds */
    reset(): void {
      observed.asked = []
      observed.decide = initially
    },
  }
  return observed
}

/** Errors a driver or an integrator may throw; some carry what the host takes for its own kind. */
export const foreignErrors: Record<string, (message: string) => unknown> = {
  'a plain error': (message) => new Error(message),
  'an error that looks like a 400 of the integrator': (message) =>
    Object.assign(new Error(message), { status: 400, statusCode: 400, expose: true }),
  'an OAuth error': (message) => new errors.AccessDenied(message),
  'something that is no error': (message) => message,
}

/** Store calls that change nothing. */
export const readVerbs = ['find', 'find in doubt', 'history', 'list', 'count', 'stats', 'due']

const ofSweeps = ['due', 'swap expired', 'swap overdue']

function createObserver() {
  const calls: string[] = []
  const faults = new Map<string, Fault[]>()
  const interrupts = new Map<string, () => Promise<unknown>>()
  const observation: Observation = {
    calls,
    failNext(name, when = 'before', error = new Error(`planted fault at ${name}`)) {
      faults.set(name, [...(faults.get(name) ?? []), { when, error }])
    },
    interrupt(name, by) {
      interrupts.set(name, by)
    },
  }

  async function observed(name: string, call: () => unknown): Promise<unknown> {
    if (!ofSweeps.includes(name)) calls.push(name)
    const interrupt = interrupts.get(name)
    interrupts.delete(name)
    await interrupt?.()
    const fault = faults.get(name)?.shift()
    if (fault?.when === 'before') throw fault.error
    const result = await call()
    if (fault) throw fault.error
    return result
  }

  function watch<T extends object>(target: T, prefix: string): T {
    return new Proxy(target, {
      get(inner, verb) {
        const member: unknown = Reflect.get(inner, verb)
        if (typeof member !== 'function' || typeof verb !== 'string') return member
        return (...args: unknown[]) => {
          const name = prefix === '' ? storeCall(verb, args) : prefix + verb
          return observed(name, () => Reflect.apply(member, inner, args))
        }
      },
    })
  }
  return { observation, watch }
}
