import type { Endpoints } from '../chaos/endpoints.js'
import { type AnyNode, insist } from '../chaos/flows.js'
import type { Fault } from '../chaos/history.js'
import { audit, type Ended, type SoakFinding } from './audit.js'
import type { SoakCourse } from './history.js'

/** Audits deferrals some time after their end, while others go on. */
export interface Auditor {
  /** from now on it is audited once it is over */
  follow(course: SoakCourse): void
  /** audits those that are ready; resolves to how many are left */
  round(): Promise<number>
  findings: SoakFinding[]
  figures: { audited: number; notified: number; tokens: number; votes: number; changes: number; lostPolls: number }
}

/** What an auditor looks at. */
export interface Evidence {
  anyNode: AnyNode
  endpoints: Pick<Endpoints, 'receptions'>
  faultsOf: (sender: number) => Fault[]
}

// milliseconds: late attempts and the sweeps are over by then
const patience = 60_000
// a notification that is still owed by then is lost
const longestPatience = 600_000

/** Starts with nothing. */
export function createAuditor({ anyNode, endpoints, faultsOf }: Evidence): Auditor {
  const courses = new Set<SoakCourse>()
  const delivered = new Set<string>()
  const findings: SoakFinding[] = []
  const figures = { audited: 0, notified: 0, tokens: 0, votes: 0, changes: 0, lostPolls: 0 }

  async function look(course: SoakCourse, now: number): Promise<Ended | undefined> {
    const deferral = await insist(() => anyNode().deferrals.get(course.id))
    const { status } = deferral?.notification ?? {}
    const isOpen = status === 'owed' || status === 'waiting'
    if (isOpen && now - (course.over ?? now) < longestPatience) return undefined
    if (!isOpen) delivered.add(course.id)
    return { course, deferral }
  }

  function note(ended: Ended[]): void {
    findings.push(...audit(ended, { receptions: endpoints.receptions, faultsOf }))
    for (const { course } of ended) {
      courses.delete(course)
      figures.audited += 1
      figures.tokens += course.tokens.length
      figures.votes += course.voters.length
      figures.changes += course.changes.length
      figures.lostPolls += course.lostPolls
    }
  }

  // what was audited is forgotten; nothing may arrive for it any more
  function forget(ended: Ended[]): void {
    const ids = new Set(ended.map(({ course }) => course.id))
    const mine = endpoints.receptions.filter(({ id }) => ids.has(id))
    figures.notified += new Set(mine.map(({ id }) => id)).size
    const rest = endpoints.receptions.filter(({ id }) => !ids.has(id))
    for (const { id, attempt } of rest) {
      if (delivered.has(id)) findings.push({ promise: 'late', id, detail: `attempt ${attempt} after its end` })
    }
    endpoints.receptions.splice(0, Number.POSITIVE_INFINITY, ...rest.filter(({ id }) => !delivered.has(id)))
  }

  return {
    follow: (course) => courses.add(course),
    async round() {
      const now = performance.now()
      const ready = [...courses].filter(({ over = now }) => now - over > patience)
      const ended: Ended[] = []
      for (const course of ready) {
        const one = await look(course, now)
        if (one) ended.push(one)
      }
      note(ended)
      forget(ended)
      return courses.size
    },
    findings,
    figures,
  }
}
