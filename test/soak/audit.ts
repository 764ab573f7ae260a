import type { Deferral, HistoryEntry } from 'oidc-provider-deferred'
import { audit as auditNotifications, type Finding, type History } from '../chaos/audit.js'
import type { Change, SoakCourse } from './history.js'

/** A deferral with its history, as it is some time after its end; nothing if it is not there. */
export interface Ended {
  course: SoakCourse
  deferral: (Deferral & { history: HistoryEntry[] }) | undefined
}

type Present = { course: SoakCourse; deferral: Deferral & { history: HistoryEntry[] } }

/** One broken promise. */
export interface SoakFinding {
  promise: Finding['promise'] | keyof typeof promises | 'missing' | 'late' | 'stuck'
  id: string
  detail: string
}

/** Each says what is wrong with one deferral, if anything. */
const promises = {
  /** a decision that was acknowledged is the decision */
  decision: ({ course, deferral }) => {
    const lost = course.decisions.find(({ status, by }) => !isDecided(deferral, status, by))
    return lost ? `${lost.status} by ${lost.by}, but ${deferral.status}` : undefined
  },

  /** nobody decides what nobody decided */
  invented: ({ course, deferral }) =>
    course.decisions.length === 0 && deferral.status !== 'pending' ? deferral.status : undefined,

  /** a vote that was acknowledged counts, unless it was withdrawn */
  vote: ({ course, deferral }) => {
    const names = (deferral.votes ?? []).map(({ by }) => by)
    const isSame = names.length === course.voters.length && course.voters.every((voter) => names.includes(voter))
    return isSame ? undefined : `voted: ${course.voters}, votes: ${names}`
  },

  /** every change that was acknowledged is in the history */
  history: ({ course, deferral: { history } }) => {
    const lost = course.changes.find((change) => !history.some((entry) => isEntryOf(change, entry)))
    return lost ? `no ${JSON.stringify(lost)} in ${history.map(({ event }) => event)}` : undefined
  },

  /** at most one set of tokens, and only by a redemption that was recorded */
  tokens: ({ course: { tokens }, deferral: { status, history } }) => {
    const redemptions = history.filter(({ event }) => event === 'redeemed').length
    const isRight =
      tokens.length <= 1 && redemptions === (status === 'redeemed' ? 1 : 0) && tokens.length <= redemptions
    return isRight ? undefined : `${tokens.length} answers with tokens, ${redemptions} redemptions, ${status}`
  },

  /** the client is refused only what was refused, and has its tokens unless an answer was lost */
  refusal: ({ course, deferral }) => {
    const { refusal, lostPolls } = course
    if (refusal === undefined) return undefined
    const expected = refusals[deferral.status] ?? (deferral.expired ? 'expired_token' : undefined)
    const isLost = deferral.status === 'redeemed' && lostPolls > 0
    return refusal === expected || (isLost && refusal === 'invalid_grant')
      ? undefined
      : `${refusal}, ${deferral.status}`
  },

  /** a client that polls gets tokens or a refusal in the end, unless it cancels */
  unanswered: ({ course: { polls, tokens, refusal, plan } }) =>
    polls > 0 && tokens.length === 0 && refusal === undefined && plan.ending !== 'revoke'
      ? `${polls} polls`
      : undefined,

  /** what nobody decides expires, and is recorded as expired */
  expiry: ({ deferral }) =>
    deferral.status === 'pending' && deferral.expired && !deferral.expiredAt
      ? `expires ${deferral.expiresAt.toISOString()}`
      : undefined,
} satisfies Record<string, (of: Present) => string | undefined>

const refusals: Partial<Record<Deferral['status'], string>> = { denied: 'access_denied', cancelled: 'access_denied' }

/** Every broken promise of these deferrals, those about their notifications included. */
export function audit(
  ended: Ended[],
  { receptions, faultsOf }: Pick<History, 'receptions' | 'faultsOf'>,
): SoakFinding[] {
  const present = ended.filter((one): one is Present => one.deferral !== undefined)
  const missing = ended.filter(({ deferral }) => deferral === undefined)
  const courses = present.map(({ course }) => course)
  return [
    ...missing.map(({ course }) => ({ promise: 'missing' as const, id: course.id, detail: describe(course) })),
    ...auditNotifications({ courses, receptions, faultsOf, deferrals: present.map(({ deferral }) => deferral) }),
    ...present.flatMap(brokenOf),
  ]
}

function brokenOf(of: Present): SoakFinding[] {
  const { course } = of
  return Object.entries(promises).flatMap(([promise, broken]) => {
    const detail = broken(of)
    return detail === undefined
      ? []
      : [{ promise: promise as keyof typeof promises, id: course.id, detail: `${describe(course)}: ${detail}` }]
  })
}

function isDecided(deferral: Deferral, status: string, by: string | undefined): boolean {
  const current = deferral.status === 'redeemed' ? 'approved' : deferral.status
  const decider = current === 'cancelled' ? deferral.cancelledBy : deferral.decision?.by
  return current === status && (by === undefined || decider === by)
}

function isEntryOf({ events, by, ...facts }: Change, entry: HistoryEntry): boolean {
  const isBy = by === undefined || [entry.by].flat().includes(by)
  return events.includes(entry.event) && isBy && Object.entries(facts).every(([name, fact]) => entry[name] === fact)
}

function describe({ plan: { profile, ending, quorum } }: SoakCourse): string {
  return `${profile}, ${ending}${quorum > 1 ? ' by votes' : ''}`
}
