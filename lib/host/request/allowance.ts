import type { Allowance } from '../../deferral/allowance.js'
import type { Context } from '../context.js'

/** The allowance of a request whose answer is narrower than the request. */
export interface NotedAllowance {
  allowance: Allowance
  /** when every token ends, in epoch seconds by the store's clock */
  until?: number
  /** the time by the store's clock */
  now: () => Date
}

const allowances = new WeakMap<Context, NotedAllowance>()

/** Notes that the answer to this request is narrower than the request. */
export function noteAllowance(ctx: Context, allowance: Allowance, now: () => Date): void {
  const { expiresIn } = allowance
  const until = expiresIn === undefined ? {} : { until: Math.floor(now().getTime() / 1000) + expiresIn }
  allowances.set(ctx, { allowance, now, ...until })
}

/** The allowance of this request; `undefined` if the request gets what it asked for. */
export function allowanceOf(ctx: Context): NotedAllowance | undefined {
  return allowances.get(ctx)
}
