/*
 * Whether a request waits is the integrator's to say: `defer` is asked when the host has nothing against the request any more.
 */
import { toInteraction } from '../deferral/decision.js'
import type { Interaction } from '../deferral/deferral.js'
import { isObject } from '../deferral/json.js'
import { isLifetime, lifetimeText } from '../deferral/lifetime.js'
import type { Context } from '../host/context.js'
import type { DeferRequest, Deferring, Settings } from '../options.js'
import { evidenceOf, mergedContext } from './evidence.js'

const deferringMembers = ['expiresIn', 'interval', 'context', 'interaction']

/** How a request is to be deferred, the defaults filled in. */
export type Deferred = Required<Omit<Deferring, 'interaction'>> & { interaction?: Interaction }

/** Asks `defer`; `undefined` means that the request is answered at once, unless it `mustWait`. */
export async function askDefer(
  ctx: Context,
  settings: Settings,
  request: DeferRequest,
  mustWait = false,
): Promise<Deferred | undefined> {
  const answer = await settings.defer(ctx, request)
  if (answer === false && !mustWait) return undefined
  const deferring = asDeferring(answer)
  const { expiresIn = settings.ttl.deferral, interval = settings.interval, context, interaction } = deferring
  assertSeconds('expiresIn', expiresIn)
  assertSeconds('interval', interval)
  if (interaction && request.profile === 'openid') {
    throw new TypeError('defer: interaction is of the oauth profile, use pages of the authorization endpoint instead')
  }
  return {
    expiresIn,
    interval,
    context: mergedContext(evidenceOf(ctx), context),
    ...(interaction && { interaction: toInteraction(interaction) }),
  }
}

function asDeferring(answer: boolean | Deferring): Deferring {
  if (typeof answer === 'boolean') return {}
  const unknown = isObject(answer) && Object.keys(answer).find((name) => !deferringMembers.includes(name))
  if (!isObject(answer) || unknown) {
    throw new TypeError(`defer must return a boolean or an object of ${deferringMembers.join(', ')}`)
  }
  return answer
}

function assertSeconds(name: string, value: number): void {
  if (!isLifetime(value)) throw new TypeError(`defer: ${name} must be ${lifetimeText}`)
}
