import type { Context } from 'koa'
import type { Desk } from './desk.js'
import { checkOperator } from './option_checks.js'
import type { Operator } from './options.js'

/** Who sends this request. A wrong operator is a fault of the integrator's code, and lets nobody in. */
export async function operatorOf(ctx: Context, { options }: Desk): Promise<Operator | undefined> {
  const operator = await options.authenticate(ctx)
  if (operator === undefined || operator === null) return undefined
  checkOperator(operator)
  return operator
}
