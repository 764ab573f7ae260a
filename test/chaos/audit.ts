import type { Deferral } from 'oidc-provider-deferred'
import { refusals } from './endpoints.js'
import type { Course, Fault, Reception } from './history.js'

/** What a run left behind. */
export interface History {
  courses: Course[]
  receptions: Reception[]
  /** of the provider process with this number */
  faultsOf: (sender: number) => Fault[]
  /** every deferral at the end */
  deferrals: Deferral[]
}

/** One broken promise. */
export interface Finding {
  promise: keyof typeof promises
  id: string
  detail: string
}

/** What is held against one deferral. */
interface Case {
  course: Course | undefined
  deferral: Deferral
  /** in the order of their arrival */
  received: Reception[]
  faultsOf: History['faultsOf']
}

const lease = 10_000
// for the clocks of several processes
const tolerance = 100

/** Each says what is wrong with one deferral, if anything. */
const promises = {
  /** every acknowledged decision of a client that can be reached is received, and taken by it */
  lost: ({ course, deferral, received }) =>
    isToBeTold(course, deferral) && !isRefusing(course) && !received.some(({ status }) => isTaken(status))
      ? `${received.length} attempts received`
      : undefined,

  /** what nobody decided is not told */
  undecided: ({ course, received: [first] }) => (first && !course?.acknowledged ? 'told, but not decided' : undefined),

  /** nothing is sent before the client has its handle, or never will */
  early: ({ course, received: [first] }) =>
    first && first.at < (course?.exchangeEnded ?? Number.POSITIVE_INFINITY)
      ? `received at ${first.at}, the exchange ended at ${course?.exchangeEnded}`
      : undefined,

  /** it is told the handle it has, with the token it gave */
  wrong: ({ course, received }) =>
    received.map((reception) => course && wrongIn(reception, course)).find((wrong) => wrong !== undefined),

  /** an attempt has one lease, and one POST in it */
  repeated: ({ received }) =>
    new Set(received.map(({ attempt }) => attempt)).size < received.length ? attemptsOf(received) : undefined,

  /**
   * After an answer that ends it nothing more is sent; but where the process that had it was killed or stopped with the attempt in
   * flight, so that the answer could not be written down, the next one does it once more. One per fault and attempt in flight, never
   * two, because each has to be excused by the attempt before it.
   */
  surplus: ({ received, faultsOf }) =>
    pairsOf(received).some(([one, next]) => isFinal(one) && !isExcused(one, next, faultsOf))
      ? attemptsOf(received)
      : undefined,

  /** a retry keeps to the schedule, and to what the receiver asked for */
  hasty: ({ received, faultsOf }) =>
    pairsOf(received).some(
      ([one, next]) => !isFinal(one) && next.at - one.at < waitAfter(one) && !isExcused(one, next, faultsOf),
    )
      ? attemptsOf(received)
      : undefined,

  /** the record says what happened */
  record: (all) => (all.course && !isToldAgain(all) ? wrongRecord(all.course, all.deferral) : undefined),

  /** an event that is over leaves nothing owed */
  owed: (all) => {
    const { notification } = all.deferral
    return notification?.status === 'owed' && !isToldAgain(all)
      ? `due ${notification.nextAttemptAt?.toISOString()}`
      : undefined
  },
} satisfies Record<string, (of: Case) => string | undefined>

/** Every broken promise. */
export function audit({ courses, receptions, faultsOf, deferrals }: History): Finding[] {
  const courseOf = new Map(courses.map((course) => [course.id, course]))
  const receivedOf = byId(receptions)
  return deferrals.flatMap((deferral) => {
    const { id } = deferral
    const all: Case = { course: courseOf.get(id), deferral, received: receivedOf.get(id) ?? [], faultsOf }
    return Object.entries(promises).flatMap(([promise, broken]) => {
      const detail = broken(all)
      return detail === undefined
        ? []
        : [{ promise: promise as Finding['promise'], id, detail: `${describe(all)}: ${detail}` }]
    })
  })
}

/** How many were received although an answer before had ended it. */
export function surplusOf(receptions: Reception[]): number {
  return [...byId(receptions).values()].flatMap(pairsOf).filter(([one]) => isFinal(one)).length
}

function byId(receptions: Reception[]): Map<string, Reception[]> {
  const all = new Map<string, Reception[]>()
  for (const reception of receptions) all.set(reception.id, [...(all.get(reception.id) ?? []), reception])
  return all
}

// taken, but the process died before that was written down; so did others at their attempts, which never arrived, and by the schedule
// the next one is minutes away
function isToldAgain({ deferral: { notification }, received }: Case): boolean {
  const arrived = new Set(received.map(({ attempt }) => attempt)).size
  const wasTaken = received.some(({ status }) => isTaken(status))
  return notification?.status === 'owed' && wasTaken && notification.attempts > arrived
}

// a deferral whose exchange came to nothing has no handle to tell
function isToBeTold(course: Course | undefined, deferral: Deferral): course is Course {
  return course?.acknowledged !== undefined && deferral.exchangedAt !== undefined && !isSuppressed(course, deferral)
}

// who has the tokens, or gave up, needs no notification
function isSuppressed({ isGivenUp }: Course, { status, notification }: Deferral): boolean {
  return notification?.status === 'suppressed' && (status === 'redeemed' || isGivenUp === true)
}

function isRefusing({ plan }: Course): boolean {
  return refusals[plan.behaviour] !== undefined
}

function isTaken(status: number | undefined): boolean {
  return status === 200 || status === 204
}

function isFinal({ status }: Reception): boolean {
  return isTaken(status) || Object.values(refusals).includes(status as number)
}

function waitAfter({ behaviour }: Reception): number {
  return (behaviour === 'unavailable' ? 6000 : 4000) - tolerance
}

function isExcused(one: Reception, next: Reception, faultsOf: History['faultsOf']): boolean {
  const isHit = (sender: number, from: number, to: number) =>
    faultsOf(sender).some((fault) => fault.from <= to && fault.to >= from)
  if (isHit(one.sender, one.at - lease, Math.min(next.at, one.at + lease))) return true
  // a process that slept through its lease with the request on its way
  return next.attempt < one.attempt && isHit(next.sender, next.at - 2 * lease, next.at)
}

function wrongIn({ body, authorization }: Reception, { plan, handle }: Course): string | undefined {
  const name = plan.profile === 'openid' ? 'deferred_auth_id' : 'deferral_code'
  if (handle !== undefined && body !== JSON.stringify({ [name]: handle })) return `body ${body.slice(0, 40)}`
  const expected = plan.token === undefined ? undefined : `Bearer ${plan.token}`
  return authorization === expected ? undefined : `authorization ${authorization}`
}

function wrongRecord(course: Course, deferral: Deferral): string | undefined {
  if (isSuppressed(course, deferral)) return undefined
  const { status, answer } = deferral.notification ?? {}
  const refusal = refusals[course.plan.behaviour]
  const expected = !isToBeTold(course, deferral) ? undefined : refusal ? 'failed' : 'delivered'
  if (status !== expected) return `${status}, not ${expected}`
  return refusal !== undefined && status === 'failed' && answer !== refusal ? `failed with ${answer}` : undefined
}

function pairsOf(received: Reception[]): [Reception, Reception][] {
  return received.slice(1).map((next, index) => [received[index] as Reception, next])
}

function attemptsOf(received: Reception[]): string {
  const begun = received[0]?.at ?? 0
  return received
    .map(
      ({ attempt, at, status = 'no answer', sender }) =>
        `${attempt} by ${sender} +${Math.round(at - begun)} ms ${status}`,
    )
    .join(', ')
}

function describe({ course, deferral }: Case): string {
  if (!course) return `${deferral.clientId}, unknown`
  const { behaviour, profile, decision, isEarly } = course.plan
  return `${behaviour}, ${profile}, ${decision}${isEarly ? ' early' : ''}`
}
