import { errors, type Provider } from 'oidc-provider'
import { currentContext, paramsOf } from '../context.js'
import { consumptionOf } from '../grants/decide_first.js'

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
      const consumption = ctx && consumptionOf(ctx)
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
