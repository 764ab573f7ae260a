/*
 * The integrator's `defer` decides whether a request waits. It is called when the host has validated the request. Its answer is
 * enforced: a request that has to wait and cannot is refused.
 */
import { interaction as interactionShape } from '../deferral/decision.js'
import type { Interaction } from '../deferral/deferral.js'
import { isObject } from '../deferral/json.js'
import { jsonObject, lifetime, optional, refuse, shape } from '../deferral/shape.js'
import type { Context } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import type { DeferRequest, Deferring, Settings } from '../options/options.js'
import { evidenceOf, mergedContext } from './evidence.js'
import { refusalOf } from './obstacle.js'

const deferringShape = shape<Deferring>({
  expiresIn: optional(lifetime),
  interval: optional(lifetime),
  context: optional(jsonObject),
  interaction: optional(interactionShape),
})

// `defer` does not see these, so that it cannot log them
const secrets = [
  'client_secret',
  'client_assertion',
  'code_verifier',
  'device_code',
  'auth_req_id',
  'pre-authorized_code',
  'tx_code',
  'password',
]

/** How a request is to be deferred, the defaults filled in. */
export type Deferred = Required<Omit<Deferring, 'interaction'>> & { interaction?: Interaction }

/** The part of a `DeferRequest` that depends on endpoint and grant. */
export type BaseDeferRequest = Omit<DeferRequest, 'canWait' | 'context'>

/** Whether the integrator has set `defer`. */
export function hasDefer({ defer }: Settings): boolean {
  return defer !== undefined
}

/**
 * Asks `defer`; `undefined` means that the request is answered at once, unless it `mustWait`. Throws the refusal of a request
 * that has to wait and cannot; all other errors become plain faults.
 */
export async function askDefer(
  ctx: Context,
  settings: Settings,
  question: BaseDeferRequest,
  mustWait = false,
): Promise<Deferred | undefined> {
  return withPlainFaults(ask(ctx, settings, question, mustWait), 'features.deferredTokenResponse.defer failed')
}

/** The parameters of a request as `defer` sees them. */
export function visibleParams(params: Record<string, unknown>): DeferRequest['params'] {
  const visible = Object.entries(params).filter(([name]) => !secrets.includes(name))
  // copied: a list belongs to the host
  return Object.freeze(
    Object.fromEntries(
      visible.map(([name, value]) => [name, Array.isArray(value) ? Object.freeze([...value]) : value]),
    ),
  )
}

async function ask(ctx: Context, settings: Settings, question: BaseDeferRequest, mustWait: boolean) {
  const { obstacle } = question
  const evidence = evidenceOf(ctx)
  const request: DeferRequest = {
    ...question,
    ...(evidence && { context: mergedContext(evidence) }),
    canWait: obstacle === undefined,
  }
  // without `defer` every request that may is answered at once
  const answer = settings.defer ? await settings.defer(ctx, request) : false
  if (answer === false && !mustWait) return undefined
  const deferring = asDeferring(answer)
  if (obstacle) throw refusalOf(request, obstacle, settings)
  const { expiresIn = settings.ttl.deferral, interval = settings.interval, context, interaction } = deferring
  if (interaction && request.profile === 'openid') {
    throw new TypeError('defer: interaction is of the oauth profile, use pages of the authorization endpoint instead')
  }
  return {
    expiresIn,
    interval,
    context: mergedContext(evidence, context),
    ...(interaction && { interaction }),
  }
}

function asDeferring(answer: boolean | Deferring): Deferring {
  if (typeof answer === 'boolean') return {}
  if (!isObject(answer)) refuse('defer', 'must return true, false or a plain object')
  return deferringShape(answer, 'defer:')
}
