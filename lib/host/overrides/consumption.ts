import { errors, type Provider } from 'oidc-provider'
import { type Context, currentContext, paramsOf } from '../context.js'
import type { GrantHandler } from '../grants/dry_run.js'
import { intercept } from './storage.js'

/**
 * By the name of the model: the parameter of a token request that carries the artifact. The pre-authorized code is left out: it
 * must allow only one guess at its `tx_code`.
 */
const parameters = {
  AuthorizationCode: 'code',
  DeviceCode: 'device_code',
  BackchannelAuthenticationRequest: 'auth_req_id',
} as const

interface Artifact {
  jti: string
}

interface ConsumingAdapter {
  find(id: string): Promise<{ consumed?: unknown } | undefined>
  /** set by an adapter whose `consume` has one winner */
  consumesOnce?: boolean
}

interface Consumption {
  /** the consumption that the host has asked for meanwhile */
  run?: () => Promise<void>
}

/** The consumptions that wait, by request. */
const consumptions = new WeakMap<Context, Consumption>()

/**
 * Delays the consumption of a code, device code or CIBA request until `defer` has decided about its token request. Overrides
 * three models: the host consumes before it has validated everything.
 */
export function installConsumption(provider: Provider): void {
  for (const [kind, param] of Object.entries(parameters)) {
    const model = (provider as any)[kind]
    const { consume } = model.prototype
    model.prototype.consume = async function (this: Artifact): Promise<void> {
      const ctx = currentContext(provider)
      const consumption = ctx && consumptions.get(ctx)
      if (!consumption || paramsOf(ctx)[param] !== this.jti) return consume.call(this)
      consumption.run = async () => {
        await assertUnused(model.adapter, this)
        await consume.call(this)
      }
    }
  }
}

// another request may have used it meanwhile, and not every adapter refuses to consume twice
async function assertUnused(adapter: ConsumingAdapter, { jti }: Artifact): Promise<void> {
  if (adapter.consumesOnce) return
  const stored = await adapter.find(jti)
  if (!stored || stored.consumed) throw new errors.InvalidGrant('already consumed')
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
