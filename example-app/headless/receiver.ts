import type { Context, Middleware } from 'koa'
import { printAnswer, printRequest } from './recorder.js'

/** Middleware before the bank's notification endpoint. It prints every notification and can answer with an error. */
export interface Receiver {
  middleware: Middleware
  /** Answers the next requests with this status, 503 by default. */
  fail(times: number, status?: number): void
  /** Status codes of the answers so far. */
  answers: number[]
}

function print(ctx: Context, text: string): void {
  const { method, URL: url, status } = ctx
  const bearer = ctx.get('Authorization').replace('Bearer ', '')
  const body: Record<string, string> = JSON.parse(text || '{}')
  const fields = { 'delivery-attempt': ctx.get('Delivery-Attempt'), bearer, ...body }
  printRequest('Provider', method, url, new URLSearchParams(fields))
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
      let text = ''
      ctx.req.on('data', (chunk) => {
        text += chunk
      })
      if (failures > 0) ctx.status = failure
      else await next()
      failures = Math.max(failures - 1, 0)
      print(ctx, text)
      answers.push(ctx.status)
    },
  }
}
