import type { Answer } from '../support/relying_party.js'
import { by, type Turns } from './turns.js'

/** More calls than any of these requests makes. */
const callsAtMost = 24

/** One request of a pair: who it is, and how it is made. */
export interface Turn {
  who: string
  make: () => Promise<Answer>
}

/** A pair of requests about the same thing, which is new each time. */
export interface Pair<T> {
  pair: [Turn, Turn]
  about: T
}

/** A request that says who it is. */
export function turn(who: string, make: (extras: ReturnType<typeof by>) => Promise<Answer>): Turn {
  return { who, make: () => make(by(who)) }
}

/**
 * Has two requests meet in every order in which each is interrupted once: the one runs up to a call, then the other up to one
 * of its own, then the first to its end, and the other to its. Resolves to what is wrong with which order; for a planted store
 * the first such order will do.
 */
export async function explore<T>(
  turns: Turns,
  prepare: () => Promise<Pair<T>>,
  judge: (answers: Answer[], about: T) => Promise<string | undefined>,
  isPlanted = false,
): Promise<{ wrong: string[]; orders: number }> {
  const wrong: string[] = []
  const seen = new Set<string>()
  const meet = async (swapped: boolean, stops: [number, number]) => {
    if (isPlanted && wrong.length) return false
    const { pair, about } = await prepare()
    const [first, second] = swapped ? [pair[1], pair[0]] : pair
    turns.calls.length = 0
    const answers = await interleave(turns, [first, stops[0]], [second, stops[1]])
    const order = turns.calls.join(', ')
    if (seen.has(order)) return false
    seen.add(order)
    const verdict = await judge(swapped ? answers.reverse() : answers, about)
    if (verdict) wrong.push(`${verdict}: ${order}`)
    return true
  }
  for (const swapped of [false, true]) {
    for (let a = 0; a < callsAtMost; a++) {
      // where the second one ended before it got there, so it will with every later stop
      for (let b = 0; b < callsAtMost; b++) if (!(await meet(swapped, [a, b])) && b > 0) break
    }
  }
  return { wrong, orders: seen.size }
}

async function interleave(
  turns: Turns,
  [first, firstStop]: [Turn, number],
  [second, secondStop]: [Turn, number],
): Promise<Answer[]> {
  const start = async ({ who, make }: Turn, at: number) => {
    const { reached, go } = turns.stop(who, at)
    const done = make()
    await Promise.race([reached, done])
    return { go, done }
  }
  const one = await start(first, firstStop)
  const other = await start(second, secondStop)
  one.go()
  const answer = await one.done
  other.go()
  return [answer, await other.done]
}
