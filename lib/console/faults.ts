import type { Context } from 'koa'

/** Hands a fault to the integrator's log. Koa takes nothing but errors. */
export function report(ctx: Context, fault: unknown): void {
  const error = fault instanceof Error ? fault : new Error('the console caught what is no error', { cause: fault })
  ctx.app.emit('error', error, ctx)
}

/** The result of the integrator's code. If that throws or rejects, the error is reported, and the result is `fallback`. */
export async function orReport<T>(ctx: Context, work: () => T | Promise<T>, fallback: T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    report(ctx, error)
    return fallback
  }
}

/** `orReport` for code that returns no promise. */
export function orReportSync<T>(ctx: Context, work: () => T, fallback: T): T {
  try {
    return work()
  } catch (error) {
    report(ctx, error)
    return fallback
  }
}

/** Status and text of an error that is meant for the sender, as those of `ctx.throw` are; `undefined`: it is a fault. */
export function shownOf(error: unknown): { status: number; text: string } | undefined {
  if (!(error instanceof Error) || Reflect.get(error, 'expose') !== true) return undefined
  const status: unknown = Reflect.get(error, 'status')
  const isRefusal = typeof status === 'number' && Number.isInteger(status) && 400 <= status && status <= 599
  return isRefusal ? { status, text: error.message } : undefined
}
