import type { Deferral } from 'oidc-provider-deferred'
import { type AnyNode, insist, pause } from '../chaos/flows.js'
import type { SoakCourse } from './history.js'

type Transition = { deferral: Deferral; changed: boolean }
type Remark = (course: SoakCourse, anyNode: AnyNode) => Promise<void>

const remarks: Record<SoakCourse['plan']['remarks'][number], Remark> = {
  async comment(course, anyNode) {
    const text = `a comment on ${course.id}`
    await insist(() => anyNode().deferrals.comment(course.id, { by: 'colleague', text }))
    course.changes.push({ events: ['commented'], text })
  },
  async progress(course, anyNode) {
    const step = 'looked at'
    const { deferral } = await insist(() => anyNode().deferrals.progress(course.id, { step, position: 1 }))
    if (deferral.progress?.step === step) course.changes.push({ events: ['progress'], step })
  },
  async assign(course, anyNode) {
    const { deferral } = await insist(() => anyNode().deferrals.assign(course.id, { to: 'reviewer' }))
    if (deferral.assignee?.to === 'reviewer') course.changes.push({ events: ['assigned'] })
  },
  async interaction(course, anyNode) {
    const uri = 'https://op.example/act'
    const required = await insist(() => anyNode().deferrals.requireInteraction(course.id, { uri }))
    if (required.deferral.interaction) course.changes.push({ events: ['interaction_required'] })
    await pause(500)
    const { deferral } = await insist(() => anyNode().deferrals.resume(course.id))
    // unless it has ended meanwhile
    if (required.deferral.interaction && deferral.status === 'pending' && !deferral.expired)
      course.changes.push({ events: ['resumed'] })
  },
}

/** Reviewers look at a deferral, and decide it if anybody does. */
export async function review(course: SoakCourse, anyNode: AnyNode): Promise<void> {
  const { hesitation, ending, quorum, isContested } = course.plan
  await pause(hesitation / 2)
  for (const remark of course.plan.remarks) await remarks[remark](course, anyNode)
  await pause(hesitation / 2)
  if (ending === 'revoke' || ending === 'expire') return
  if (quorum > 1) await ballot(course, anyNode)
  else {
    const denial = isContested ? decide(course, 'deny', 'rival', anyNode) : undefined
    await Promise.all([decide(course, ending, 'reviewer', anyNode), denial])
  }
  course.acknowledged = performance.now()
}

const statuses = { approve: 'approved', deny: 'denied', cancel: 'cancelled' } as const

async function decide(
  course: SoakCourse,
  decision: keyof typeof statuses,
  by: string,
  anyNode: AnyNode,
): Promise<void> {
  const { deferral, changed } = await insist<Transition>(() => anyNode().deferrals[decision](course.id, { by }))
  // the second try of a decision whose answer was lost changes nothing
  if (!changed && deciderOf(deferral) !== by) return
  const status = statuses[decision]
  course.decisions.push({ status, by })
  course.changes.push({ events: [status], by })
}

function deciderOf({ status, cancelledBy, decision }: Deferral): unknown {
  return status === 'cancelled' ? cancelledBy : decision?.by
}

// one person votes and withdraws the vote; the others race each other
async function ballot(course: SoakCourse, anyNode: AnyNode): Promise<void> {
  await vote(course, 'waverer', anyNode)
  await withdraw(course, 'waverer', anyNode)
  const voters = Array.from({ length: course.plan.quorum }, (_, index) => `voter ${index + 1}`)
  await Promise.all(voters.map((voter) => vote(course, voter, anyNode)))
}

async function vote(course: SoakCourse, by: string, anyNode: AnyNode): Promise<void> {
  const { deferral, changed } = await insist(() => anyNode().deferrals.approve(course.id, { by }))
  if (!changed && !isVoter(deferral, by)) return
  const isLast = deferral.status !== 'pending'
  course.voters.push(by)
  // the second try of a vote whose answer was lost does not show whether it was the last one
  course.changes.push({ events: changed ? [isLast ? 'approved' : 'voted'] : ['voted', 'approved'], by })
  if (isLast) course.decisions.push({ status: 'approved' })
}

async function withdraw(course: SoakCourse, by: string, anyNode: AnyNode): Promise<void> {
  const { deferral } = await insist(() => anyNode().deferrals.unvote(course.id, { by }))
  if (isVoter(deferral, by)) return
  course.voters = course.voters.filter((voter) => voter !== by)
  course.changes.push({ events: ['unvoted'], by })
}

function isVoter({ votes = [] }: Deferral, name: string): boolean {
  return votes.some(({ by }) => by === name)
}
