import { warnOfFault } from '../../deferral/warnings.js'
import { answerJson, type Context } from '../context.js'

const members = new WeakMap<object, Record<string, unknown>>()

// the final answer, by request; without a body it is an error that the host has not rendered yet
const answers = new WeakMap<object, { body: unknown }>()

/** Adds members to the error response of this request. The host's renderer writes only its own members. */
export function amendError(ctx: Context, additions: Record<string, unknown>): void {
  answerJson(ctx)
  members.set(ctx, additions)
}

/** The members to add to the error response of this request. */
export function amendmentsOf(ctx: Context): Record<string, unknown> | undefined {
  return members.get(ctx)
}

/** Tells the client of this request how many seconds to wait. */
export function retryAfter(ctx: Context, seconds: number): void {
  setReadable(ctx, 'Retry-After', String(seconds))
}

/** Tells the client of this request which of its preferences was applied (RFC 7240, section 3). */
export function applyPreference(ctx: Context, preference: string): void {
  setReadable(ctx, 'Preference-Applied', preference)
}

function setReadable(ctx: Context, header: string, value: string): void {
  ctx.set(header, value)
  // without it scripts in a browser cannot read the header
  if (ctx.get('Origin')) ctx.append('Access-Control-Expose-Headers', header)
}

/**
 * Makes the answer of this request final: the store has the change, and the client cannot ask for the answer again. If a
 * listener or middleware of the integrator's throws from now on, the plugin only warns.
 */
export function keepAnswer(ctx: Context): void {
  answers.set(ctx, { body: ctx.body })
}

/** Whether the answer of this request is final. */
export function isAnswerKept(ctx: unknown): boolean {
  return answers.has(Object(ctx))
}

/**
 * Restores the final answer of a request after middleware has thrown `error`. Rethrows the error if the answer is not final.
 */
export function restoreAnswer(ctx: Context, error: unknown): void {
  const answer = answers.get(ctx)
  if (!answer) throw error
  warnOfFault('a middleware', error)
  if (answer.body === undefined) return
  ctx.status = 200
  ctx.body = answer.body
}
