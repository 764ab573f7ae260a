/*
 * Both drafts leave it to the server whether a request is deferred (OpenID Connect Deferred Token Response Flow 1.0,
 * "Authentication Request"; OAuth 2.0 Deferred Token Response, "Token Request"). Here the option `defer` decides, after the
 * host has validated the request. If `defer` wants a request to wait that cannot wait, the request is refused.
 */
import { allowing, assertAllowance } from '../deferral/allowance.js'
import { interaction as interactionShape } from '../deferral/decision.js'
import { isObject } from '../deferral/json.js'
import { integer, jsonObject, lifetime, type Members, mustBe, optional, refuse, shape } from '../deferral/shape.js'
import type { NewDeferral } from '../deferral/store.js'
import type { Context } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { noteAllowance } from '../host/request/allowance.js'
import type { DeferAnswer, DeferRequest, Deferring } from '../options/defer.js'
import type { Settings } from '../options/options.js'
import type { Plugin } from '../plugin.js'
import { evidenceOf, mergedContext } from './evidence.js'
import { refusalOf } from './obstacle.js'
import { sealedTask } from './tasks.js'

const queueName = mustBe('1 to 64 of a-z, 0-9, _, . and -', (value) => isMatch(/^[a-z0-9_.-]{1,64}$/, value))
// a line separator or a control character would break the row of a list
const line = mustBe('one line of 1 to 200 characters', (value) => isMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u, value))

/** The checks of the members for reviewers. */
export const reviewMembers = {
  queue: optional(queueName),
  title: optional(line),
  dueIn: optional(lifetime),
  quorum: optional(integer('a whole number from 1 to 10', 1, 10)),
} satisfies Members<Pick<Deferring, 'queue' | 'title' | 'dueIn' | 'quorum'>>

const deferringShape = shape<Deferring>({
  expiresIn: optional(lifetime),
  interval: optional(lifetime),
  context: optional(jsonObject),
  interaction: optional(interactionShape),
  ...reviewMembers,
  task: optional(jsonObject),
})

// `defer` does not get these parameters, so that it cannot log them
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

/** How a request is deferred: the answer of `defer` with every default. */
export type DeferralTerms = Required<Pick<Deferring, 'expiresIn' | 'interval' | 'context'>> & {
  /** the members that the deferral takes as they are */
  members: Pick<NewDeferral, 'interaction' | 'queue' | 'title' | 'dueIn' | 'quorum' | 'taskSealed'>
}

/** The members of a `DeferRequest` that depend on the endpoint and the grant. `askDefer` adds the others. */
export type BaseDeferRequest = Omit<DeferRequest, 'canWait' | 'context'>

/** Whether the integrator has set `defer`. */
export function hasDefer({ defer }: Settings): boolean {
  return defer !== undefined
}

/**
 * Calls `defer`. Returns `undefined` if the request gets its answer at once; with `mustWait` it never does. Throws the refusal
 * of a request that has to wait but cannot. Every other error becomes a server error.
 */
export async function askDefer(
  ctx: Context,
  plugin: Plugin,
  request: BaseDeferRequest,
  mustWait = false,
): Promise<DeferralTerms | undefined> {
  return withPlainFaults(ask(ctx, plugin, request, mustWait), 'features.deferredTokenResponse.defer failed')
}

/** A frozen copy of the parameters for `defer`, without secrets. */
export function visibleParams(params: Record<string, unknown>): DeferRequest['params'] {
  const visible = Object.entries(params).filter(([name]) => !secrets.includes(name))
  // lists are copied before they are frozen: the host still uses its own
  return Object.freeze(
    Object.fromEntries(
      visible.map(([name, value]) => [name, Array.isArray(value) ? Object.freeze([...value]) : value]),
    ),
  )
}

async function ask(ctx: Context, plugin: Plugin, base: BaseDeferRequest, mustWait: boolean) {
  const { settings } = plugin
  const { obstacle } = base
  const evidence = evidenceOf(ctx)
  const request: DeferRequest = {
    ...base,
    ...(evidence && { context: mergedContext(evidence) }),
    canWait: obstacle === undefined,
  }
  // without the option no request waits, unless it must
  const answer = settings.defer ? await settings.defer(ctx, request) : false
  if (isAllowing(answer)) return allow(ctx, plugin, request, answer)
  if (answer === false && !mustWait) return undefined
  const terms = asDeferring(answer)
  if (obstacle) throw refusalOf(request, obstacle, settings)
  const { expiresIn = settings.ttl.deferral, interval = settings.interval, context, task, ...others } = terms
  const members = { ...others, ...(task && (await sealedTask(plugin, request, task))) }
  if (members.interaction && request.profile === 'openid') {
    throw new TypeError('defer: interaction is of the oauth profile, use pages of the authorization endpoint instead')
  }
  return { expiresIn, interval, context: mergedContext(evidence, context), members }
}

function isAllowing(answer: DeferAnswer): answer is Extract<DeferAnswer, { allow: unknown }> {
  return isObject(answer) && Object.hasOwn(answer, 'allow')
}

// the answer is sent at once, with fewer rights
function allow(ctx: Context, { settings, records }: Plugin, request: DeferRequest, answer: object): undefined {
  if (ctx.oidc.route !== 'token') {
    throw new TypeError('defer: allow is for token requests, `defer` is called again when the client redeems its code')
  }
  const { allow: allowance } = allowing(answer, 'defer:')
  assertAllowance({ ...request, scope: [...request.scope] }, allowance, settings.narrow)
  noteAllowance(ctx, allowance, records.now)
}

function isMatch(pattern: RegExp, value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value)
}

function asDeferring(answer: DeferAnswer): ReturnType<typeof deferringShape> {
  if (typeof answer === 'boolean') return {}
  if (!isObject(answer)) refuse('defer', 'must return true, false or a plain object')
  return deferringShape(answer, 'defer:')
}
