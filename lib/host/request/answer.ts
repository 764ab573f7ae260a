import { answerJson, type Context } from '../context.js'
import { warnOfFault } from '../faults.js'

const members = new WeakMap<object, Record<string, unknown>>()

// of requests whose answer stands; without a body it is the error that is about to be rendered
const answers = new WeakMap<object, { body: unknown }>()

/** Adds members to the error response this request is about to be refused with; the host's renderer knows its own only. */
export function amendError(ctx: Context, these: Record<string, unknown>): void {
  answerJson(ctx)
  members.set(ctx, these)
}

/** The members that were added. */
export function amendmentsOf(ctx: Context): Record<string, unknown> | undefined {
  return members.get(ctx)
}

/** Tells the client of this request how many seconds to wait. */
export function retryAfter(ctx: Context, seconds: number): void {
  ctx.set('Retry-After', String(seconds))
  // clients in a browser could not read it
  if (ctx.get('Origin')) ctx.append('Access-Control-Expose-Headers', 'Retry-After')
}

/**
 * The answer of this request stands: what it tells was written and cannot be told again. A listener or a middleware of the
 * integrator's that throws from now on costs a warning.
 */
export function keepAnswer(ctx: Context): void {
  answers.set(ctx, { body: ctx.body })
}

/** Whether the answer of this request stands. */
export function isAnswerKept(ctx: unknown): boolean {
  return answers.has(Object(ctx))
}

/** Puts the answer of a request back after middleware around the host's routes threw `error`; rethrows it where none was kept. */
export function restoreAnswer(ctx: Context, error: unknown): void {
  const answer = answers.get(ctx)
  if (!answer) throw error
  warnOfFault('a middleware', error)
  if (answer.body === undefined) return
  ctx.status = 200
  ctx.body = answer.body
}
