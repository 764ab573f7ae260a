/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Request": an ordinary authentication request whose
 * response_type says that the client can wait; the OP decides whether it will have to.
 */
import { errors } from 'oidc-provider'
import type { JsonObject } from '../deferral/deferral.js'
import { isObject } from '../deferral/json.js'
import { restoreResponseType } from '../host/client.js'
import { accountOf, type Context, clientOf, paramsOf } from '../host/context.js'
import type { DeferRequest, Deferring, Settings } from '../options.js'
import { responseTypes } from './names.js'

const largestContext = 16_384
const deferringMembers = ['expiresIn', 'interval', 'context']

/** Takes back what was lent to the host's checks, and refuses what the host would let pass. */
export function checkResponseType(ctx: Context): void {
  restoreResponseType(ctx)
  if (!isDeferrable(ctx)) return
  const mode = ctx.oidc.responseMode
  if (mode === 'fragment' || mode === 'fragment.jwt') {
    throw new errors.InvalidRequest('response_mode fragment is not allowed for this response_type')
  }
}

/** Whether this request asks for `deferred_code`, alone or with `code`. */
export function isDeferrable(ctx: Context): boolean {
  const { response_type: type } = paramsOf(ctx)
  return typeof type === 'string' && responseTypes.includes(type)
}

/** Asks `defer`; `undefined` means that the request is answered with a code at once (O-016). */
export async function decide(ctx: Context, settings: Settings): Promise<Required<Deferring> | undefined> {
  const answer = await settings.defer(ctx, deferRequest(ctx))
  if (answer === false && paramsOf(ctx).response_type !== 'deferred_code') return undefined
  const { expiresIn = settings.ttl.deferral, interval = settings.interval, context } = asDeferring(answer)
  assertSeconds('expiresIn', expiresIn)
  assertSeconds('interval', interval)
  return { expiresIn, interval, context: mergedContext(evidence(ctx), context) }
}

function deferRequest(ctx: Context): DeferRequest {
  const { authorization_details: details, resource, ...params } = paramsOf(ctx)
  const account = accountOf(ctx)
  return {
    profile: 'openid',
    client: clientOf(ctx),
    ...(account && { account }),
    scope: new Set(ctx.oidc.requestParamScopes),
    resource: resource === undefined ? [] : [resource].flat(),
    ...(typeof details === 'string' && { authorizationDetails: JSON.parse(details) as JsonObject[] }),
    params: Object.freeze({ ...params, ...(details !== undefined && { authorization_details: details }), resource }),
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
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`defer: ${name} must be whole seconds, 1 or more`)
}

// what the integrator's interactions collected on the way
function evidence(ctx: Context): unknown {
  const result = ctx.oidc.result as { deferral?: { context?: unknown } } | undefined
  return result?.deferral?.context ?? undefined
}

function mergedContext(...contexts: unknown[]): JsonObject {
  const merged: unknown = Object.assign({}, ...contexts.map((context) => context ?? {}))
  if (contexts.some((context) => context !== undefined && !isObject(context)) || !isJson(merged)) {
    throw new TypeError('deferral context must be a plain object of JSON values')
  }
  const json = JSON.stringify(merged)
  if (Buffer.byteLength(json) > largestContext) {
    throw new TypeError('deferral context must be at most 16 KiB of JSON, keep references instead of documents')
  }
  return JSON.parse(json)
}

// what JSON.stringify would drop or change silently is refused; a cycle ends in a RangeError
function isJson(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (isObject(value)) return Object.values(value).every((member) => member === undefined || isJson(member))
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
