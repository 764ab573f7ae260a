import type { Assignment, Comment } from './assignment_transitions.js'
import type { By, Decision, Interaction, JsonObject, Progress } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { progressText, sanitise } from './error_description.js'
import { isObject, toJson } from './json.js'
import { parseUrl } from './parse_url.js'
import {
  argumentOf,
  type Check,
  date,
  integer,
  isText,
  jsonObject,
  lifetime,
  listOf,
  type Members,
  mustBe,
  by as names,
  optional,
  personName,
  refuse,
  shape,
  text,
  textOf,
  withRule,
} from './shape.js'

/** The argument of `approve`. `scope` may be a space-separated string. */
export interface Approval {
  /** who decided: one name or several, each of at most 200 characters */
  by?: By
  acr?: string
  amr?: string[]
  /** seconds since the epoch */
  authTime?: number
  scope?: string | string[]
  resource?: string[]
  authorizationDetails?: JsonObject[]
  claims?: JsonObject
  /** end of the approval: no token issued or refreshed under it lives longer */
  until?: Date
  /** for reviewers, the client never gets it; at most 2,000 characters */
  note?: string
}

/** Who did it. */
export interface Actor {
  by?: By
}

/** The argument of `unvote`. */
export interface Withdrawal {
  /** whose votes: one name, or several */
  by: By
}

/** The argument of `deny`. */
export interface Denial {
  by?: By
  note?: string
  /** for the client: unchanged as `reason`, in ASCII as `error_description`; at most 1,000 characters */
  description?: string
}

const httpsUrl = /^https:\/\/(?![/?])[\x21-\x7e]+$/i
// http is allowed on loopback, as for redirect URIs in RFC 8252, section 7.3; also at `localhost`, as in the host
const loopbackUrl = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?([/?][\x21-\x7e]*)?$/i

const by = optional(names)
const note = optional(textOf(2000))
const texts = listOf('a non-empty string', isText)
const count = integer('a whole number, zero or more', 0)

const scope: Check<string[]> = (value, at) => {
  if (typeof value === 'string') return [...new Set(value.split(' ').filter(Boolean))]
  if (!Array.isArray(value)) refuse(at, 'must be a space-separated string or an array of strings')
  return [...new Set(texts(value, at))]
}

/** An array of authorization details. */
export const authorizationDetails: Check<JsonObject[]> = (value, at) => {
  const details = toJson(value)
  if (Array.isArray(details) && details.every((entry) => isObject(entry))) return details
  refuse(at, 'must be an array of plain objects of JSON values')
}

const claims = withRule(jsonObject, (request, at) => {
  if (!Object.values(request).every(isObject)) refuse(at, 'must be a claims request object')
})

const approval = shape<Omit<Decision, 'description'>>({
  by,
  acr: optional(text),
  amr: optional(texts),
  authTime: optional(count),
  scope: optional(scope),
  resource: optional(texts),
  authorizationDetails: optional(authorizationDetails),
  claims: optional(claims),
  until: optional(date),
  note,
} satisfies Members<Approval>)

const uri = mustBe(
  'an absolute https URL without a fragment, or an http URL at localhost, 127.0.0.1 or [::1]',
  isInteractionUri,
)

/** Checks the member `interaction` that `defer` may return. */
export const interaction = shape<Interaction>({ uri })

const checkDenial = argumentOf('deny', shape<Denial>({ by, note, description: optional(textOf(1000)) }))
const checkProgress = argumentOf(
  'progress',
  shape<Progress & Actor>({ step: textOf(100), position: optional(count), estimate: optional(count), by }),
)

/** Checks the argument of `approve`; a `TypeError` names the member. */
export const toApproval: (argument: Approval) => Decision = argumentOf('approve', approval)

/** Checks the argument of `deny`; a `TypeError` names the member. Adds the text of `error_description`. */
export function toDenial(argument: Denial): Decision & { errorDescription?: string } {
  const denial = checkDenial(argument)
  const { description } = denial
  return description === undefined ? denial : { ...denial, errorDescription: sanitise(description) }
}

/** Checks the argument of `progress`; a `TypeError` names the member. Adds the text of `error_description`. */
export function toProgress(argument: Progress & Actor): {
  progress: NonNullable<DeferralRecord['progress']>
  by?: By
} {
  // the client gets the progress, and never `by`
  const { by, ...progress } = checkProgress(argument)
  return { progress: { ...progress, errorDescription: progressText(progress) }, ...(by !== undefined && { by }) }
}

/** Checks the argument of `requireInteraction`; a `TypeError` names the member. */
export const toInteraction = argumentOf('requireInteraction', shape<Interaction & Actor>({ uri, by }))

/** Checks the argument of `cancel`; a `TypeError` names the member. */
export const toCancellation = actorOf('cancel')

/** Checks the argument of `resume`; a `TypeError` names the member. */
export const toResumption = actorOf('resume')

/** Checks the argument of `unassign`; a `TypeError` names the member. */
export const toUnassignment = actorOf('unassign')

/** Checks an argument that only says who did it; a `TypeError` names the member. */
export function actorOf(method: string): (argument: Actor) => Actor {
  return argumentOf(method, shape<Actor>({ by }))
}

/** Checks the argument of `assign`; a `TypeError` names the member. */
export const toAssignment = argumentOf(
  'assign',
  shape<Assignment>({ to: personName, by, for: optional(lifetime), from: optional(personName) }),
)

/** Checks the argument of `unvote`; a `TypeError` names the member. */
export const toWithdrawal = argumentOf('unvote', shape<Withdrawal>({ by: names }))

/** Checks the argument of `comment`; a `TypeError` names the member. */
export const toComment = argumentOf('comment', shape<Comment>({ by: names, text: textOf(2000) }))

/** Checks the argument of `extend`; a `TypeError` names the member. */
export const toExtension = argumentOf('extend', shape<{ expiresIn: number } & Actor>({ expiresIn: lifetime, by }))

// I-048, I-049. The client gets this text unchanged, so a URL that is valid only after the parser's repairs is refused
function isInteractionUri(value: unknown): value is string {
  if (typeof value !== 'string' || !(httpsUrl.test(value) || loopbackUrl.test(value))) return false
  return !/[#"\\]/.test(value) && parseUrl(value) !== undefined
}
