import type { Endpoints } from '../chaos/endpoints.js'
import { secret } from '../chaos/endpoints.js'
import { type AnyNode, authorized, deferred, exchanged, insist, pause } from '../chaos/flows.js'
import { pollDeferral, revoke } from '../support/deferral.js'
import { type Answer, relyingParty } from '../support/relying_party.js'
import type { SoakCourse, SoakPlan } from './history.js'
import { review } from './reviewers.js'

/** What a course is played on. */
export interface Stage {
  anyNode: AnyNode
  endpoints: Pick<Endpoints, 'receptions'>
  /** the course has an id */
  note: (course: SoakCourse) => void
}

const client_secret = secret
// a client that was not notified by then gives up, and the audit finds that
const longestWait = 300_000
// longer than the longest life of a deferral
const longestPolling = 600_000
const pending = ['authorization_pending', 'slow_down', 'interaction_required', 'interaction_pending']

/** Plays one plan to its end: requested, reviewed and redeemed, whatever dies meanwhile. */
export async function play(plan: SoakPlan, { anyNode, endpoints, note }: Stage): Promise<void> {
  const begun = plan.profile === 'openid' ? await authorized(plan, anyNode) : await deferred(plan, anyNode)
  const isGivenUp = plan.ending === 'revoke' || plan.ending === 'expire'
  const course: SoakCourse = Object.assign(begun, {
    plan,
    changes: [],
    decisions: [],
    voters: [],
    tokens: [],
    polls: 0,
    lostPolls: 0,
    isGivenUp,
  })
  course.changes.push({ events: ['created'] })
  note(course)
  try {
    await live(course, anyNode, endpoints)
  } finally {
    course.over = performance.now()
  }
}

async function live(course: SoakCourse, anyNode: AnyNode, endpoints: Stage['endpoints']): Promise<void> {
  const { isEarly, profile } = course.plan
  if (isEarly) await review(course, anyNode)
  if (profile === 'openid') {
    await exchanged(course, anyNode)
    if (course.handle !== undefined) course.changes.push({ events: ['exchanged'] })
  }
  await Promise.all([isEarly ? undefined : review(course, anyNode), follow(course, anyNode, endpoints)])
}

async function follow(course: SoakCourse, anyNode: AnyNode, endpoints: Stage['endpoints']): Promise<void> {
  const { handle, plan } = course
  if (handle === undefined) return
  if (plan.isNotified && !(await isTold(course, endpoints))) return
  const isRevoking = plan.ending === 'revoke'
  await pollUntil(course, anyNode, performance.now() + (isRevoking ? plan.hesitation : longestPolling))
  if (isRevoking) await giveUp(course, handle, anyNode)
}

async function isTold({ id }: SoakCourse, { receptions }: Stage['endpoints']): Promise<boolean> {
  const end = performance.now() + longestWait
  while (performance.now() < end) {
    if (receptions.some((reception) => reception.id === id && (reception.status ?? 500) < 300)) return true
    await pause(250)
  }
  return false
}

async function giveUp(course: SoakCourse, handle: string, anyNode: AnyNode): Promise<void> {
  const { behaviour, profile } = course.plan
  await insist(async () => {
    const rp = relyingParty(anyNode().origin, behaviour)
    const { status } = await (profile === 'openid'
      ? rp.cancel(handle, { client_secret })
      : revoke(rp, handle, { client_secret }))
    if (status !== 200) throw new Error(`the cancellation was answered ${status}`)
  })
  course.decisions.push({ status: 'cancelled' })
  course.changes.push({ events: ['cancelled'] })
}

async function pollUntil(course: SoakCourse, anyNode: AnyNode, end: number): Promise<void> {
  let interval = 2000
  while (performance.now() < end) {
    const polls = Array.from({ length: course.plan.isDouble ? 2 : 1 }, () => poll(course, anyNode))
    const errors = await Promise.all(polls)
    if (course.tokens.length > 0) break
    const final = errors.find((error) => error !== undefined && !pending.includes(error))
    if (final !== undefined) {
      course.refusal = final
      break
    }
    if (errors.includes('slow_down')) interval += 500
    await pause(interval)
  }
  // tokens are given once
  if (course.tokens.length > 0 && course.plan.wait > 0) await poll(course, anyNode)
}

/** The `error` of the answer; nothing for tokens, and for an answer that was lost. */
async function poll(course: SoakCourse, anyNode: AnyNode): Promise<string | undefined> {
  course.polls += 1
  const answer = await answerOf(course, anyNode).catch(() => undefined)
  if (answer === undefined || answer.status >= 500) {
    course.lostPolls += 1
    return undefined
  }
  if (answer.status === 200) course.tokens.push(String(answer.body.access_token))
  return answer.body.error
}

function answerOf({ plan, handle = '' }: SoakCourse, anyNode: AnyNode): Promise<Answer> {
  const { behaviour, profile, wait } = plan
  const rp = relyingParty(anyNode().origin, behaviour)
  const extras = wait > 0 ? { headers: { prefer: `wait=${wait}` } } : {}
  return profile === 'openid'
    ? rp.poll(handle, { client_secret }, extras)
    : pollDeferral(rp, handle, { client_secret }, extras)
}
