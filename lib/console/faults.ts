import type { Context } from 'koa'

/** Hands a fault to the integrator's log. Koa takes nothing but errors. */
export function report(ctx: Context, fault: unknown): void {
  const error = fault instanceof Error ? fault : new Error('the console caught what is no error', { cause: fault })
  ctx.app.emit('error', error, ctx)
}

/** Status and text of an error that is meant for the sender, as those of `ctx.throw` are; `undefined`: it is a fault. */
export function shownOf(error: unknown): { status: number; text: string } | undefined {
  if (!(error instanceof Error) || Reflect.get(error, 'expose') !== true) return undefined
  const status: unknown = Reflect.get(error, 'status')
  const isRefusal = typeof status === 'number' && Number.isInteger(status) && 400 <= status && status <= 599
  return isRefusal ? { status, text: error.message } : undefined
}
