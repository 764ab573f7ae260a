import type { Deferral } from '../../index.js'
import type { Visit } from '../desk.js'
import { type Sample, sampleOf } from './sample.js'

/** One day, in UTC. */
export interface Day {
  /** `2030-01-31` */
  date: string
  arrived: number
  decided: number
}

/** The last days. `isLeast`: there may be more. */
export interface Days {
  days: Day[]
  isLeast: boolean
}

const dayLength = 86_400_000
const shownDays = 7
/** a decision of the last days may be about a request that is older */
const readDays = 30

const dateOf = (time: Date) => time.toISOString().slice(0, 10)

/** The requests of the last thirty days, the newest 500. */
export function recent(visit: Visit): Promise<Sample> {
  const createdAfter = new Date(visit.desk.now().getTime() - readDays * dayLength)
  return sampleOf(visit, { createdAfter, order: 'newest' })
}

/** Arrivals and decisions of the last seven days. */
export function daysOf({ deferrals, isPartial }: Sample, now: Date): Days {
  const days = Array.from({ length: shownDays }, (_, index) => {
    const date = dateOf(new Date(now.getTime() - (shownDays - 1 - index) * dayLength))
    const isThen = (time: Date | undefined) => time !== undefined && dateOf(time) === date
    return {
      date,
      arrived: deferrals.filter(({ createdAt }) => isThen(createdAt)).length,
      decided: deferrals.filter(({ decision }) => isThen(decision?.at)).length,
    }
  })
  return { days, isLeast: isPartial }
}

/** So many requests were decided this fast. */
export interface Speed {
  label: string
  count: number
}

const speeds: readonly { label: string; below: number }[] = [
  { label: 'a minute', below: 60_000 },
  { label: 'an hour', below: 3_600_000 },
  { label: 'a day', below: dayLength },
  { label: 'longer', below: Number.POSITIVE_INFINITY },
]

const secondsOf = ({ createdAt, decision }: Deferral) =>
  decision ? Math.max(0, decision.at.getTime() - createdAt.getTime()) : undefined

/** How long decisions took. `median` is in seconds; `undefined`: nothing was decided. */
export function speedsOf({ deferrals }: Sample): { speeds: Speed[]; median: number | undefined } {
  const times = deferrals.map(secondsOf).filter((time) => time !== undefined)
  times.sort((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)]
  const groups = speeds.map(({ label, below }, index) => {
    const from = speeds[index - 1]?.below ?? 0
    return { label, count: times.filter((time) => from <= time && time < below).length }
  })
  return { speeds: groups, median: median === undefined ? undefined : median / 1000 }
}
