import { types } from 'node:util'
import type { Decision, DeferralRecord, Interaction, JsonObject, Progress } from './deferral.js'
import { progressText, sanitise } from './error_description.js'
import { isObject, toJson } from './json.js'
import {
  also,
  argumentOf,
  type Check,
  integer,
  isText,
  jsonObject,
  lifetime,
  listOf,
  type Members,
  mustBe,
  optional,
  refuse,
  shape,
  text,
  textOf,
} from './shape.js'
import { isUrl } from './url.js'

/** What `approve` takes. `scope` may be a space-separated string. */
export interface Approval {
  /** who decided, for the record; at most 256 characters */
  by?: string
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
  /** for the record, never shown to the client; at most 2,000 characters */
  note?: string
}

/** What `deny` takes. */
export interface Denial {
  by?: string
  note?: string
  /** sent to the client: whole as `reason`, sanitised as `error_description`; at most 1,000 characters */
  description?: string
}

const httpsUrl = /^https:\/\/(?![/?])[\x21-\x7e]+$/i
// plain http on loopback, as RFC 8252, section 7.3, allows it for redirect URIs; `localhost` too, as in the host
const loopbackUrl = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?([/?][\x21-\x7e]*)?$/i

const by = optional(textOf(256))
const note = optional(textOf(2000))
const texts = listOf('a non-empty string', isText)
const count = integer('a whole number, zero or more', 0)

const scope: Check<string[]> = (given, at) => {
  if (typeof given === 'string') return [...new Set(given.split(' ').filter(Boolean))]
  if (!Array.isArray(given)) refuse(at, 'must be a space-separated string or an array of strings')
  return [...new Set(texts(given, at))]
}

const authorizationDetails: Check<JsonObject[]> = (given, at) => {
  const details = toJson(given)
  if (Array.isArray(details) && details.every((entry) => isObject(entry))) return details
  refuse(at, 'must be an array of plain objects of JSON values')
}

const claims = also(jsonObject, (request, at) => {
  if (!Object.values(request).every(isObject)) refuse(at, 'must be a claims request object')
})

const until: Check<Date> = (given, at) => {
  if (types.isDate(given) && !Number.isNaN(given.getTime())) return new Date(given)
  refuse(at, 'must be a valid Date')
}

const approval = shape<Omit<Decision, 'description'>>({
  by,
  acr: optional(text),
  amr: optional(texts),
  authTime: optional(count),
  scope: optional(scope),
  resource: optional(texts),
  authorizationDetails: optional(authorizationDetails),
  claims: optional(claims),
  until: optional(until),
  note,
} satisfies Members<Approval>)

/** What `requireInteraction` takes. `defer` may answer with it as well. */
export const interaction = shape<Interaction>({
  uri: mustBe(
    'an absolute https URL without a fragment, or an http URL at localhost, 127.0.0.1 or [::1]',
    isInteractionUri,
  ),
})

const checkDenial = argumentOf('deny', shape<Denial>({ by, note, description: optional(textOf(1000)) }))
const checkProgress = argumentOf(
  'progress',
  shape<Progress>({ step: textOf(100), position: optional(count), estimate: optional(count) }),
)

/** Checks the argument of `approve`; a `TypeError` names the member. */
export const toApproval: (given: Approval) => Decision = argumentOf('approve', approval)

/** Checks the argument of `deny`; a `TypeError` names the member. Adds what the client gets as `error_description`. */
export function toDenial(given: Denial): Decision & { errorDescription?: string } {
  const denial = checkDenial(given)
  const { description } = denial
  return description === undefined ? denial : { ...denial, errorDescription: sanitise(description) }
}

/** Checks the argument of `progress`; a `TypeError` names the member. Adds what the client gets as `error_description`. */
export function toProgress(given: Progress): NonNullable<DeferralRecord['progress']> {
  const progress = checkProgress(given)
  return { ...progress, errorDescription: progressText(progress) }
}

/** Checks the argument of `requireInteraction`; a `TypeError` names the member. */
export const toInteraction = argumentOf('requireInteraction', interaction)

/** Checks the argument of `cancel`; a `TypeError` names the member. */
export const toCancellation = argumentOf('cancel', shape<{ by?: string }>({ by }))

/** Checks the argument of `extend`; a `TypeError` names the member. */
export const toExtension = argumentOf('extend', shape<{ expiresIn: number }>({ expiresIn: lifetime }))

// I-048, I-049; the value is stored as it was given, so that a value which URL parsing would repair is refused
function isInteractionUri(value: unknown): value is string {
  if (typeof value !== 'string' || !(httpsUrl.test(value) || loopbackUrl.test(value))) return false
  return !/[#"\\]/.test(value) && isUrl(value)
}
