import type { Context } from 'koa'
import { report, shownOf } from '../faults.js'
import { isUnknown } from '../mistakes.js'

/** A refusal that shows the deferral as it is now. */
export class Refusal extends Error {
  readonly status: number
  readonly deferral: object

  constructor(status: number, detail: string, deferral: object) {
    super(detail)
    this.status = status
    this.deferral = deferral
  }
}

interface Problem {
  status: number
  detail: string
  deferral?: object
}

function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Refusal) return { status: error.status, detail: error.message, deferral: error.deferral }
  if (isUnknown(error)) return { status: 404, detail: 'there is no such deferral' }
  const { status, text: detail } = shownOf(error) ?? {}
  return status === undefined || detail === undefined ? undefined : { status, detail }
}

/** Answers an error with problem details (RFC 9457). What is not meant for the sender goes to the log. */
export function showProblemDetails(ctx: Context, error: unknown): void {
  const problem = problemOf(error)
  if (!problem) report(ctx, error)
  const { status, ...members } = problem ?? { status: 500, detail: 'something went wrong on our side' }
  ctx.status = status
  ctx.body = JSON.stringify({ type: 'about:blank', title: ctx.message, status, ...members })
  ctx.type = 'application/problem+json'
}
