import type { Context, Middleware } from 'koa'
import { printAnswer, printRequest } from './recorder.js'

/** A place to look on in front of the bank's notification endpoint, which can be out of order. */
export interface Receiver {
  middleware: Middleware
  /** Answers 503, unless told, this many times, whatever is sent. */
  fail(times: number, status?: number): void
  /** What was answered so far, as HTTP statuses. */
  answers: number[]
}

function print(ctx: Context): void {
  const { method, URL: url, status } = ctx
  const bearer = ctx.get('Authorization').replace('Bearer ', '')
  const told: Record<string, string> = JSON.parse(ctx.request.rawBody || '{}')
  const sent = { 'delivery-attempt': ctx.get('Delivery-Attempt'), bearer, ...told }
  printRequest('Provider', method, url, new URLSearchParams(sent))
  printAnswer({ who: 'Bank', method, url, status, headers: new Headers(), text: '' })
}

export function createReceiver(): Receiver {
  const answers: number[] = []
  let failures = 0
  let failure = 503
  return {
    answers,
    fail(times, status = 503) {
      failures = times
      failure = status
    },
    async middleware(ctx, next) {
      if (failures > 0) ctx.status = failure
      else await next()
      failures = Math.max(failures - 1, 0)
      print(ctx)
      answers.push(ctx.status)
    },
  }
}
