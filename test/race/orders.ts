import type { Answer } from '../support/relying_party.js'
import { by, type Turns } from './turns.js'

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
    const { pair, about } = await prepare()
    const [first, second] = swapped ? [pair[1], pair[0]] : pair
    turns.calls.length = 0
    const answers = await interleave(turns, [first, stops[0]], [second, stops[1]])
    const callsOf = ({ who }: Turn) => turns.calls.filter((call) => call.startsWith(`${who} `)).length
    const order = turns.calls.join(', ')
    const wereStopped = [callsOf(first) > stops[0], callsOf(second) > stops[1]] as const
    if (!seen.has(order)) {
      seen.add(order)
      const verdict = await judge(swapped ? answers.reverse() : answers, about)
      if (verdict) wrong.push(`${verdict}: ${order}`)
    }
    return wereStopped
  }
  for (const swapped of [false, true]) {
    // one that ended before it got to its stop does so with every later stop
    for (let [a, isFirstStopped] = [0, true]; isFirstStopped; a++) {
      isFirstStopped = false
      for (let [b, isSecondStopped] = [0, true]; isSecondStopped; b++) {
        if (isPlanted && wrong.length) return { wrong, orders: seen.size }
        const wereStopped = await meet(swapped, [a, b])
        isFirstStopped ||= wereStopped[0]
        isSecondStopped = wereStopped[1]
      }
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
