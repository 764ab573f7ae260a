import { errors, type Provider } from 'oidc-provider'
import { currentContext, paramsOf } from '../context.js'
import { consumptionOf } from '../grants/decide_first.js'

/**
 * The parameter of a token request that carries the artifact, by the name of its model. The pre-authorized code is not in the
 * list: it is consumed at once, so that a client has only one guess at its `tx_code`.
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
  /** true if of several simultaneous calls of `consume` only one succeeds */
  consumesOnce?: boolean
}

/**
 * Overrides `consume` of three models: it waits until `defer` has decided about the token request. No public way: the host
 * consumes before it has validated everything, and has no hook after the validation.
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

// another request may have consumed it meanwhile, and not every adapter refuses the second consumption
async function assertUnused(adapter: ConsumingAdapter, { jti }: Artifact): Promise<void> {
  if (adapter.consumesOnce) return
  const stored = await adapter.find(jti)
  if (!stored || stored.consumed) throw new errors.InvalidGrant('already consumed')
}
