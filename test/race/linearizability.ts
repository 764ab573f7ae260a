/*
 * Whether a history of concurrent calls could have happened one call after the other (Wing and Gong's search, with Lowe's memory of
 * what was tried).
 */

/** One call: when it began and ended, and its answer. Without an answer it may have taken effect at any time since, or never. */
export interface Call<Op, Answer> {
  op: Op
  start: number
  end: number
  answer: Answer | undefined
}

/** What a call may be answered in a state, and what it makes of it. */
export type Possibilities<State, Op, Answer> = (state: State, op: Op) => { answer: Answer; after: State }[]

/** Whether there is an order of these calls, each between its start and its end, in which every answer is right. */
export function isLinearizable<State, Op, Answer>(
  initial: State,
  history: Call<Op, Answer>[],
  possibilities: Possibilities<State, Op, Answer>,
): boolean {
  const tried = new Set<string>()
  const endOf = ({ end, answer }: Call<Op, Answer>) => (answer === undefined ? Number.POSITIVE_INFINITY : end)

  function search(state: State, open: Set<number>): boolean {
    const calls = [...open].map((index) => [index, history[index] as Call<Op, Answer>] as const)
    if (calls.every(([, { answer }]) => answer === undefined)) return true
    const key = JSON.stringify([state, [...open]])
    if (tried.has(key)) return false
    tried.add(key)
    // whatever ended first was before all that began later
    const first = Math.min(...calls.map(([, call]) => endOf(call)))
    return calls.some(([index, { op, start, answer }]) => {
      if (start > first) return false
      const rest = new Set([...open].filter((other) => other !== index))
      return possibilities(state, op).some(
        (one) => (answer === undefined || isSame(one.answer, answer)) && search(one.after, rest),
      )
    })
  }

  return search(initial, new Set(history.keys()))
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
