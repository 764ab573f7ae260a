import type { JsonObject } from '../deferral/deferral.js'
import { isJson, isObject } from '../deferral/json.js'
import type { Context } from '../host/context.js'

const largestContext = 16_384

/** What the integrator's interactions collected on the way, in this request or before the code it is about was stored. */
export function evidenceOf(ctx: Context): JsonObject | undefined {
  const result = ctx.oidc.result as { deferral?: { context?: unknown } } | undefined
  const code = ctx.oidc.entities.AuthorizationCode as { deferralContext?: JsonObject } | undefined
  const context = result?.deferral?.context ?? code?.deferralContext
  return context === undefined ? undefined : mergedContext(context)
}

/** One `context` of several; a `TypeError` says what cannot be kept. */
export function mergedContext(...contexts: unknown[]): JsonObject {
  const given = contexts.filter((context) => context !== undefined)
  if (!given.every((context) => isObject(context) && isJson(context))) {
    throw new TypeError('deferral context must be a plain object of JSON values')
  }
  const json = JSON.stringify(Object.assign({}, ...given))
  if (Buffer.byteLength(json) > largestContext) {
    throw new TypeError('deferral context must be at most 16 KiB of JSON, keep references instead of documents')
  }
  return JSON.parse(json)
}
