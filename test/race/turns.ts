import type { Adapter } from 'oidc-provider'
import { type DeferralStore, memoryStore, Provider } from 'oidc-provider-deferred'
import { memoryAdapter } from '../support/memory_adapter.js'
import { storeCall } from '../support/observed.js'

/** Requests that say who they are, and may be stopped before any call of adapter or store. */
export interface Turns {
  adapter: (name: string) => Adapter
  store: DeferralStore
  /** calls made so far, `who verb`, in order */
  calls: string[]
  /** stops the request with these headers before its call number `at`, from 0 */
  stop(who: string, at: number): { reached: Promise<void>; go: () => void }
}

const header = 'x-turn'

/** The headers of a request that says who it is. */
export const by = (who: string) => ({ headers: { [header]: who } })

export function takeTurns(): Turns {
  const calls: string[] = []
  const made = new Map<string, number>()
  const stops = new Map<string, { at: number; reach: () => void; released: Promise<void> }>()

  async function pass(call: string): Promise<void> {
    const { ctx } = Provider as unknown as { ctx?: { get(name: string): string } }
    const who = ctx?.get(header)
    if (!who) return
    const count = made.get(who) ?? 0
    made.set(who, count + 1)
    const stop = stops.get(who)
    if (stop?.at === count) {
      stop.reach()
      await stop.released
    }
    calls.push(`${who} ${call}`)
  }

  function watch<T extends object>(target: T, prefix: string): T {
    return new Proxy(target, {
      get(inner, verb) {
        const member: unknown = Reflect.get(inner, verb)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          await pass(prefix ? prefix + String(verb) : storeCall(String(verb), args))
          return Reflect.apply(member, inner, args)
        }
      },
    })
  }

  const adapter = memoryAdapter()
  return {
    adapter: (name) => watch(adapter(name), `${name}.`),
    store: watch(memoryStore(), ''),
    calls,
    stop(who, at) {
      let [reach, go] = [() => {}, () => {}]
      const reached = new Promise<void>((resolve) => {
        reach = resolve
      })
      const released = new Promise<void>((resolve) => {
        go = resolve
      })
      made.set(who, 0)
      stops.set(who, { at, reach, released })
      return { reached, go }
    },
  }
}
