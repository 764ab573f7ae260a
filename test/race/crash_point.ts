import { writeSync } from 'node:fs'
import { storeCall } from '../support/observed.js'

/** The places a provider gets to, and the one where it dies. */
export interface Life {
  /** places in order, so far */
  passed: string[]
  isOver: boolean
  /** Gets to this place; never resolves when the provider dies there, or is dead already. */
  reach(place: string): Promise<void>
}

const never = new Promise<never>(() => undefined)

/** A life that ends at its place number `at`, counted from 1; with 0 it goes on. `end` is called then. */
export function lifeUntil(at: number, end: () => void): Life {
  const life: Life = {
    passed: [],
    isOver: false,
    async reach(place) {
      if (life.isOver) return never
      life.passed.push(place)
      if (life.passed.length !== at) return
      life.isOver = true
      end()
      return never
    },
  }
  return life
}

/** The life of this process: its places are named on stderr, and at the one named `CRASH_AT` it is killed. */
export const ofProcess: Life = {
  passed: [],
  isOver: false,
  async reach(place) {
    writeSync(2, `point ${place}\n`)
    if (place !== process.env.CRASH_AT) return
    process.kill(process.pid, 'SIGKILL')
    return never
  },
}

// sweeps come at any moment, and would move the places of a request
const ofSweeps = ['due', 'swap expired', 'swap overdue']

/**
 * The same object with two such places at every method: nothing written yet, and written but not answered. After the end of its
 * life nothing leaves it any more, as nothing leaves a process that is dead.
 */
export function crashing<T extends object>(target: T, life: Life, prefix = ''): T {
  return new Proxy(target, {
    get(inner, verb) {
      const method: unknown = Reflect.get(inner, verb)
      if (typeof method !== 'function' || typeof verb !== 'string') return method
      return async (...args: unknown[]) => {
        const name = prefix ? prefix + verb : storeCall(verb, args)
        if (ofSweeps.includes(name)) return life.isOver ? [] : Reflect.apply(method, inner, args)
        await life.reach(`before ${name}`)
        const result = await Reflect.apply(method, inner, args)
        await life.reach(`after ${name}`)
        return result
      }
    },
  })
}
