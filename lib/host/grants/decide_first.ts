import type { Context } from '../context.js'
import { codeUse } from '../request/code_use.js'
import { intercept } from '../request/intercepts.js'
import type { GrantHandler } from '../seams.js'
import { narrowAnswer } from './allowed_tokens.js'

/** A delayed consumption of a code, device code or CIBA request. */
interface Consumption {
  /** consumes it; absent until the host has called `consume` */
  run?: () => Promise<void>
}

const consumptions = new WeakMap<Context, Consumption>()

/** The consumption of this request; `undefined` if it is not delayed. */
export function consumptionOf(ctx: Context): Consumption | undefined {
  return consumptions.get(ctx)
}

/** Delays the consumption of the code of this request until the returned function is called. */
export function delayConsumption(ctx: Context): () => Promise<void> {
  const consumption: Consumption = {}
  consumptions.set(ctx, consumption)
  return async () => {
    consumptions.delete(ctx)
    try {
      await consumption.run?.()
    } catch (error) {
      noteLostCode(ctx)
      throw error
    }
  }
}

// the host believes that this request has consumed the code: the consumption was delayed, and another request was faster
function noteLostCode(ctx: Context): void {
  const use = codeUse(ctx)
  if (use) Object.assign(use, { isConsumer: false, isSpent: true })
}

/**
 * Runs a grant handler of the host for this request. Calls `decide` when the host has validated everything and has stored
 * nothing. If `decide` throws, the request is refused, and its code is not consumed. Otherwise the host goes on as always.
 */
export async function decideFirst(ctx: Context, handler: GrantHandler, decide: () => Promise<unknown>): Promise<void> {
  const consume = delayConsumption(ctx)
  let isDecided = false
  intercept(ctx, {
    async saveToken(token) {
      intercept(ctx, {})
      isDecided = true
      try {
        await decide()
      } catch (error) {
        // listeners of the host's events must not see a token that was not issued
        delete (ctx.oidc.entities as Record<string, unknown>)[token.kind]
        throw error
      }
      await consume()
      narrowAnswer(ctx, token)
    },
  })
  try {
    await handler(ctx)
  } catch (error) {
    if (!isDecided) await consume()
    throw error
  }
  if (!isDecided) throw new Error('the host answered a token request without AccessToken.save')
}
