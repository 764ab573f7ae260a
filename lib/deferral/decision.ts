import { types } from 'node:util'
import { progressText, sanitise } from '../protocol/error_description.js'
import type { Decision, DeferralRecord, Interaction, JsonObject, Progress } from './deferral.js'
import { isObject, ownMember, toJson } from './json.js'
import { isLifetime, lifetimeText } from './lifetime.js'

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

type Shape = Record<string, { is: (value: unknown) => boolean; expected: string }>

const text = { is: (value: unknown) => typeof value === 'string' && value !== '', expected: 'a non-empty string' }
const textOf = (longest: number) => ({
  is: (value: unknown) => text.is(value) && (value as string).length <= longest,
  expected: `a non-empty string of at most ${longest} characters`,
})
const [by, note] = [textOf(256), textOf(2000)]
const texts = { is: (value: unknown) => Array.isArray(value) && value.every(text.is), expected: 'an array of strings' }
const seconds = {
  is: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  expected: 'a whole number, zero or more',
}
const object = { is: isObject, expected: 'a plain object' }

const approvalShape: Shape = {
  by,
  acr: text,
  amr: texts,
  authTime: seconds,
  scope: {
    is: (value) => typeof value === 'string' || texts.is(value),
    expected: 'a space-separated string or an array of strings',
  },
  resource: texts,
  authorizationDetails: {
    is: (value) => Array.isArray(value) && value.every(isObject),
    expected: 'an array of plain objects of JSON values',
  },
  claims: {
    is: (value) => isObject(value) && Object.values(value).every(isObject),
    expected: 'a claims request object',
  },
  until: { is: (value) => types.isDate(value) && !Number.isNaN(value.getTime()), expected: 'a valid Date' },
  note,
}
const denialShape: Shape = { by, note, description: textOf(1000) }
const progressShape: Shape = { step: textOf(100), position: seconds, estimate: seconds }
const uriText = 'an absolute https URL without a fragment, or an http URL at localhost, 127.0.0.1 or [::1]'
const interactionShape: Shape = { uri: { is: isInteractionUri, expected: uriText } }
const cancellationShape: Shape = { by }
const extensionShape: Shape = {
  expiresIn: { is: isLifetime, expected: lifetimeText },
}

/** Checks the arguments of `approve`; a `TypeError` names the member. */
export function toApproval(approval: Approval): Decision {
  const { scope, ...rest } = checked('approve', approval, approvalShape)
  if (scope === undefined) return rest
  return { ...rest, scope: [...new Set(typeof scope === 'string' ? scope.split(' ').filter(Boolean) : scope)] }
}

/** Checks the arguments of `deny`; a `TypeError` names the member. Adds what the client gets as `error_description`. */
export function toDenial(denial: Denial): Decision & { errorDescription?: string } {
  const { description, ...rest } = checked('deny', denial, denialShape)
  if (description === undefined) return rest
  return { ...rest, description, errorDescription: sanitise(description) }
}

/** Checks the arguments of `progress`; a `TypeError` names the member. Adds what the client gets as `error_description`. */
export function toProgress(given: Progress): NonNullable<DeferralRecord['progress']> {
  const progress = checked('progress', given, progressShape)
  if (progress.step === undefined) fail('progress', 'step', 'a non-empty string')
  return { ...progress, errorDescription: progressText(progress) }
}

/** Checks the arguments of `requireInteraction`; a `TypeError` names the member. */
export function toInteraction(given: Interaction): Interaction {
  const interaction = checked('requireInteraction', given, interactionShape)
  if (interaction.uri === undefined) fail('requireInteraction', 'uri', uriText)
  return interaction
}

/** Checks the arguments of `cancel`; a `TypeError` names the member. */
export function toCancellation(cancellation: { by?: string }): { by?: string } {
  return checked('cancel', cancellation, cancellationShape)
}

/** Checks the arguments of `extend`; a `TypeError` names the member. */
export function toExtension(extension: { expiresIn: number }): number {
  const { expiresIn } = checked('extend', extension, extensionShape)
  if (expiresIn === undefined) fail('extend', 'expiresIn', lifetimeText)
  return expiresIn
}

// I-048, I-049; the value is stored as it was given, so that a value which URL parsing would repair is refused
function isInteractionUri(value: unknown): boolean {
  if (typeof value !== 'string' || !(httpsUrl.test(value) || loopbackUrl.test(value))) return false
  return !/[#"\\]/.test(value) && URL.canParse(value)
}

/**
 * A checked copy of an argument. Each member is read once: a getter cannot give one value to the check and another to the store.
 */
function checked<T extends object>(method: string, given: T, shape: Shape): T {
  if (!object.is(given)) fail(method, 'the argument', object.expected)
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given as Record<string, unknown>)) {
    const member = ownMember(shape, name)
    if (!member) throw new TypeError(`${method}: ${name} is not known, use ${Object.keys(shape).join(', ')}`)
    if (value === undefined) continue
    copy[name] = types.isDate(value) ? new Date(value) : toJson(value)
    if (!member.is(copy[name])) fail(method, name, member.expected)
  }
  return copy as T
}

function fail(method: string, name: string, expected: string): never {
  throw new TypeError(`${method}: ${name} must be ${expected}`)
}
