import type { Decision, Interaction, JsonObject, Progress } from './deferral.js'
import { isJson, isObject } from './json.js'
import { isLifetime, lifetimeText } from './lifetime.js'

/** What `approve` takes. `scope` may be a space-separated string. */
export interface Approval {
  /** who decided, for the record */
  by?: string
  acr?: string
  amr?: string[]
  /** seconds since the epoch */
  authTime?: number
  scope?: string | string[]
  resource?: string[]
  authorizationDetails?: JsonObject[]
  claims?: JsonObject
  /** caps the lifetime of the access token, of the refresh token, and of what later refreshes give */
  until?: Date
  /** for the record, never shown to the client */
  note?: string
}

/** What `deny` takes. */
export interface Denial {
  by?: string
  note?: string
  /** reaches the client as `error_description`, sanitised */
  description?: string
}

const httpsUrl = /^https:\/\/(?![/?])[\x21-\x7e]+$/i
// plain http as RFC 8252, section 7.3, has it for redirect URIs; `localhost` too, as in the host
const loopbackUrl = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?([/?][\x21-\x7e]*)?$/i

type Shape = Record<string, { is: (value: unknown) => boolean; expected: string }>

const text = { is: (value: unknown) => typeof value === 'string' && value !== '', expected: 'a non-empty string' }
const texts = { is: (value: unknown) => Array.isArray(value) && value.every(text.is), expected: 'an array of strings' }
const seconds = {
  is: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  expected: 'a whole number, zero or more',
}
const object = { is: isObject, expected: 'a plain object' }

const approvalShape: Shape = {
  by: text,
  acr: text,
  amr: texts,
  authTime: seconds,
  scope: {
    is: (value) => typeof value === 'string' || texts.is(value),
    expected: 'a space-separated string or an array of strings',
  },
  resource: texts,
  authorizationDetails: {
    is: (value) => Array.isArray(value) && value.every((entry) => isObject(entry) && isJson(entry)),
    expected: 'an array of objects of JSON values',
  },
  claims: {
    is: (value) => isObject(value) && Object.values(value).every(isObject) && isJson(value),
    expected: 'a claims request object',
  },
  until: { is: (value) => value instanceof Date && !Number.isNaN(value.getTime()), expected: 'a valid Date' },
  note: text,
}
const denialShape: Shape = { by: text, note: text, description: text }
const progressShape: Shape = { step: text, position: seconds, estimate: seconds }
const uriText = 'an absolute https URL without a fragment, or an http URL at localhost, 127.0.0.1 or [::1]'
const interactionShape: Shape = { uri: { is: isInteractionUri, expected: uriText } }
const cancellationShape: Shape = { by: text }
const extensionShape: Shape = {
  expiresIn: { is: isLifetime, expected: lifetimeText },
}

/** Checks the arguments of `approve`; a `TypeError` names the member. */
export function toApproval(approval: Approval): Decision {
  const { scope, ...rest } = checked('approve', approval, approvalShape)
  if (scope === undefined) return rest
  return { ...rest, scope: [...new Set(typeof scope === 'string' ? scope.split(' ').filter(Boolean) : scope)] }
}

/** Checks the arguments of `deny`; a `TypeError` names the member. */
export function toDenial(denial: Denial): Decision {
  return checked('deny', denial, denialShape)
}

/** Checks the arguments of `progress`; a `TypeError` names the member. */
export function toProgress(progress: Progress): Progress {
  if (progress?.step === undefined) throw new TypeError('progress: step must be a non-empty string')
  return checked('progress', progress, progressShape)
}

/** Checks the arguments of `requireInteraction`; a `TypeError` names the member. */
export function toInteraction(interaction: Interaction): Interaction {
  if (interaction?.uri === undefined) fail('requireInteraction', 'uri', uriText)
  return checked('requireInteraction', interaction, interactionShape)
}

/** Checks the arguments of `cancel`; a `TypeError` names the member. */
export function toCancellation(cancellation: { by?: string }): { by?: string } {
  return checked('cancel', cancellation, cancellationShape)
}

/** Checks the arguments of `extend`; a `TypeError` names the member. */
export function toExtension(extension: { expiresIn: number }): number {
  if (extension?.expiresIn === undefined) fail('extend', 'expiresIn', lifetimeText)
  return checked('extend', extension, extensionShape).expiresIn
}

// I-048, I-049; what is kept is the value as it was given, so nothing that URL parsing would mend
function isInteractionUri(value: unknown): boolean {
  if (typeof value !== 'string' || !(httpsUrl.test(value) || loopbackUrl.test(value))) return false
  return !/[#"\\]/.test(value) && URL.canParse(value)
}

function checked<T extends object>(method: string, given: T, shape: Shape): T {
  if (!object.is(given)) fail(method, 'the argument', object.expected)
  for (const [name, value] of Object.entries(given as Record<string, unknown>)) {
    const member = shape[name]
    if (!member) throw new TypeError(`${method}: ${name} is not known, use ${Object.keys(shape).join(', ')}`)
    if (value !== undefined && !member.is(value)) fail(method, name, member.expected)
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
}

function fail(method: string, name: string, expected: string): never {
  throw new TypeError(`${method}: ${name} must be ${expected}`)
}
