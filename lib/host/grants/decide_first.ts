import type { Context } from '../context.js'
import { intercept } from '../request/intercepts.js'
import type { GrantHandler } from '../seams.js'

interface Consumption {
  /** the consumption that the host has asked for meanwhile */
  run?: () => Promise<void>
}

/** The consumptions that wait, by request. */
const consumptions = new WeakMap<Context, Consumption>()

/** The consumption of this request, where it has to wait for `decide`. */
export function consumptionOf(ctx: Context): Consumption | undefined {
  return consumptions.get(ctx)
}

/**
 * Runs a grant handler of the host on the request as it came, and calls `decide` when everything is validated and nothing is
 * stored. An error of `decide` refuses the request, and its code can still be used. Everything else is as the host does it.
 */
export async function decideFirst(ctx: Context, handler: GrantHandler, decide: () => Promise<unknown>): Promise<void> {
  const consumption: Consumption = {}
  consumptions.set(ctx, consumption)
  const consume = async () => {
    consumptions.delete(ctx)
    await consumption.run?.()
  }
  let isDecided = false
  intercept(ctx, {
    async saveToken({ kind }) {
      intercept(ctx, {})
      isDecided = true
      try {
        await decide()
      } catch (error) {
        // listeners of the host's events must not take it for one that was issued
        delete (ctx.oidc.entities as Record<string, unknown>)[kind]
        throw error
      }
      await consume()
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
