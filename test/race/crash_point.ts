import { writeSync } from 'node:fs'
import { storeCall } from '../support/observed.js'

let reached = 0

/** A place where this process may die. It is named on stderr; the one whose number is `CRASH_AT` is the last thing reached. */
export function point(name: string): void {
  reached += 1
  writeSync(2, `point ${name}\n`)
  if (reached === Number(process.env.CRASH_AT)) process.kill(process.pid, 'SIGKILL')
}

// sweeps come at any moment, and would move the places of a request
const ofSweeps = ['due', 'swap expired']

/** The same object with two such places at every method: nothing written yet, and written but not answered. */
export function crashing<T extends object>(target: T, prefix = ''): T {
  return new Proxy(target, {
    get(inner, verb) {
      const method: unknown = Reflect.get(inner, verb)
      if (typeof method !== 'function' || typeof verb !== 'string') return method
      return async (...args: unknown[]) => {
        const name = prefix ? prefix + verb : storeCall(verb, args)
        if (ofSweeps.includes(name)) return Reflect.apply(method, inner, args)
        point(`before ${name}`)
        const result = await Reflect.apply(method, inner, args)
        point(`after ${name}`)
        return result
      }
    },
  })
}
