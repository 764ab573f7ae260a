import { setTimeout as after } from 'node:timers/promises'

const enough = 5

/** Two things that are to happen at the same time, again and again. */
export interface Meeting {
  /** both, the second so much later than the first as was learned so far */
  meet<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]>
  /** who won; the start of the other one moves towards where they meet */
  won(by: 'first' | 'second'): void
  /** it was tried often enough, and both have won often enough */
  isOver(): boolean
}

/** `least`: how often to try at least. */
export function meeting(random: () => number, least = 20): Meeting {
  const wins = { first: 0, second: 0 }
  let offset = 0
  let step = 2
  let last: keyof typeof wins | undefined
  return {
    meet: (first, second) =>
      Promise.all([after(Math.max(0, -offset)).then(first), after(Math.max(0, offset)).then(second)]),
    won(by) {
      wins[by] += 1
      // on a busy machine they may be far apart
      step = by === last ? step * 1.25 : 2
      last = by
      offset += (by === 'second' ? step : -step) * random()
    },
    isOver: () => wins.first + wins.second >= least && Math.min(wins.first, wins.second) >= enough,
  }
}
