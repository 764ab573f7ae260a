import type { Deferral } from 'oidc-provider-deferred'
import type { Endpoints } from '../chaos/endpoints.js'
import { type AnyNode, insist } from '../chaos/flows.js'
import type { Fault, Reception } from '../chaos/history.js'
import { audit, type Ended, type SoakFinding } from './audit.js'
import type { SoakCourse } from './history.js'

/** Audits deferrals some time after their end, while others go on. */
export interface Auditor {
  /** from now on it is audited once it is over */
  follow(course: SoakCourse): void
  /** audits those that are ready; resolves to how many are left */
  round(): Promise<number>
  figures: { audited: number; notified: number; tokens: number; votes: number; changes: number; lostPolls: number }
}

/** What an auditor looks at. */
export interface Evidence {
  anyNode: AnyNode
  endpoints: Pick<Endpoints, 'receptions'>
  faultsOf: (sender: number) => Fault[]
  onBroken: (finding: SoakFinding) => void
}

// milliseconds: late attempts and the sweeps are over by then
const patience = 60_000
// a notification that is still owed by then is lost
const longestPatience = 600_000

/** Starts with nothing. */
export function createAuditor({ anyNode, endpoints: { receptions }, faultsOf, onBroken }: Evidence): Auditor {
  const courses = new Set<SoakCourse>()
  /** audited, and nothing is owed: no notification may arrive any more */
  const closed = new Set<string>()
  const figures = { audited: 0, notified: 0, tokens: 0, votes: 0, changes: 0, lostPolls: 0 }

  async function round(): Promise<number> {
    const now = performance.now()
    const ready = [...courses].filter(({ over = now }) => now - over > patience)
    const ended: Ended[] = []
    for (const course of ready) {
      const deferral = await insist(() => anyNode().deferrals.get(course.id))
      const isOpen = isNotificationOpen(deferral)
      if (isOpen && now - (course.over ?? now) < longestPatience) continue
      ended.push({ course, deferral })
      courses.delete(course)
      if (!isOpen) closed.add(course.id)
    }
    for (const finding of audit(ended, { receptions, faultsOf })) onBroken(finding)
    for (const finding of lateOnes(receptions, closed, ended)) onBroken(finding)
    for (const { course } of ended) count(figures, course, receptions)
    // what was audited is forgotten
    const rest = receptions.filter(({ id }) => !closed.has(id))
    receptions.splice(0, receptions.length, ...rest)
    return courses.size
  }

  return { follow: (course) => void courses.add(course), round, figures }
}

function isNotificationOpen(deferral: Deferral | undefined): boolean {
  const { status } = deferral?.notification ?? {}
  return status === 'owed' || status === 'waiting'
}

function lateOnes(receptions: Reception[], closed: Set<string>, ended: Ended[]): SoakFinding[] {
  const audited = new Set(ended.map(({ course }) => course.id))
  return receptions
    .filter(({ id }) => closed.has(id) && !audited.has(id))
    .map(({ id, attempt }) => ({ promise: 'late', id, detail: `attempt ${attempt} after its audit` }))
}

function count(figures: Auditor['figures'], course: SoakCourse, receptions: Reception[]): void {
  figures.audited += 1
  figures.notified += receptions.some(({ id }) => id === course.id) ? 1 : 0
  figures.tokens += course.tokens.length
  figures.votes += course.voters.length
  figures.changes += course.changes.length
  figures.lostPolls += course.lostPolls
}
