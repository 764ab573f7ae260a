import { writeSync } from 'node:fs'

let reached = 0

/** A place where this process may die. It is named on stderr; the one whose number is `CRASH_AT` is the last thing reached. */
export function point(name: string): void {
  reached += 1
  writeSync(2, `point ${name}\n`)
  if (reached === Number(process.env.CRASH_AT)) process.kill(process.pid, 'SIGKILL')
}

/** The same object with two such places at every method: nothing written yet, and written but not answered. */
export function crashing<T extends object>(target: T, prefix = ''): T {
  return new Proxy(target, {
    get(inner, name) {
      const method: unknown = Reflect.get(inner, name)
      if (typeof method !== 'function' || typeof name !== 'string') return method
      return async (...args: unknown[]) => {
        point(`before ${prefix}${name}`)
        const result = await Reflect.apply(method, inner, args)
        point(`after ${prefix}${name}`)
        return result
      }
    },
  })
}
