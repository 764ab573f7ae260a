import type { Visit } from '../desk.js'
import type { Filter } from '../filter.js'
import { sampleOf } from './sample.js'

/** How many wait that have this age. */
export interface AgeGroup {
  label: string
  /** the queue of this group */
  filter: Filter
  pending: number
  /** of these, past their due time */
  overdue: number
}

/** What waits, by age. `isLeast`: there may be more. */
export interface Ages {
  groups: AgeGroup[]
  isLeast: boolean
}

const hour = 3_600_000
const day = 24 * hour
const week = 7 * day

const limits: readonly { label: string; from: number; to: number; filter: Omit<Filter, 'status'> }[] = [
  { label: 'under an hour', from: 0, to: hour, filter: { younger: 'hour' } },
  { label: 'under a day', from: hour, to: day, filter: { age: 'hour', younger: 'day' } },
  { label: 'under a week', from: day, to: week, filter: { age: 'day', younger: 'week' } },
  { label: 'a week or more', from: week, to: Number.POSITIVE_INFINITY, filter: { age: 'week' } },
]

/** Counts in the database, each up to 10,000. */
async function counted({ desk }: Visit): Promise<Ages> {
  const now = desk.now().getTime()
  let isLeast = false
  const groups = limits.map(async ({ label, from, to, filter }) => {
    const times = {
      // the newest may have been created after `now`
      ...(from > 0 && { createdBefore: new Date(now - from) }),
      ...(to < Number.POSITIVE_INFINITY && { createdAfter: new Date(now - to) }),
    }
    const [all, late] = await Promise.all([
      desk.deferrals.count({ ...times, status: 'pending' }),
      desk.deferrals.count({ ...times, overdue: true }),
    ])
    isLeast ||= all.more === true
    return { label, filter: { status: 'pending' as const, ...filter }, pending: all.pending, overdue: late.pending }
  })
  return { groups: await Promise.all(groups), isLeast }
}

/** Counts what the operator may read, the oldest first. */
async function read(visit: Visit): Promise<Ages> {
  const now = visit.desk.now().getTime()
  const { deferrals, isPartial } = await sampleOf(visit, { status: 'pending', order: 'oldest' })
  const groups = limits.map(({ label, from, to, filter }) => {
    const members = deferrals.filter(({ createdAt }) => {
      const age = Math.max(0, now - createdAt.getTime())
      return from <= age && age < to
    })
    const overdue = members.filter((deferral) => deferral.overdue).length
    return { label, filter: { status: 'pending' as const, ...filter }, pending: members.length, overdue }
  })
  return { groups, isLeast: isPartial }
}

/** What waits, by age. */
export function agesOf(visit: Visit): Promise<Ages> {
  return visit.desk.options.mayRead ? read(visit) : counted(visit)
}
