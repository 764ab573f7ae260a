import type { JsonObject } from '../deferral/deferral.js'
import { jsonObject } from '../deferral/shape.js'
import type { Context } from '../host/context.js'

const largestContext = 16_384

/** What the integrator's interactions collected on the way, in this request or before the code it is about was stored. */
export function evidenceOf(ctx: Context): JsonObject | undefined {
  const result = ctx.oidc.result as { deferral?: { context?: unknown } } | undefined
  const { AuthorizationCode: code, DeviceCode: deviceCode } = ctx.oidc.entities
  const kept = (code ?? deviceCode) as { deferralContext?: JsonObject } | undefined
  const context = result?.deferral?.context ?? kept?.deferralContext
  return context === undefined ? undefined : mergedContext(context)
}

/** One `context` of several, a copy; a `TypeError` says what cannot be kept. */
export function mergedContext(...contexts: unknown[]): JsonObject {
  const merged: JsonObject = {}
  for (const context of contexts.filter((context) => context !== undefined)) {
    Object.assign(merged, jsonObject(context, 'deferral context'))
  }
  if (Buffer.byteLength(JSON.stringify(merged)) > largestContext) {
    throw new TypeError('deferral context must be at most 16 KiB of JSON, keep references instead of documents')
  }
  return merged
}
