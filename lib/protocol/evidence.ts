/*
 * Not in the drafts: evidence for reviewers, `deferral.context`. It comes from the integrator's interactions and from `defer`.
 */
import type { JsonObject } from '../deferral/deferral.js'
import { jsonObject } from '../deferral/shape.js'
import type { Context } from '../host/context.js'

const largestContext = 16_384

/** The evidence of the integrator's interactions: of this request, or of the one that created its code or device code. */
export function evidenceOf(ctx: Context): JsonObject | undefined {
  const result = ctx.oidc.result as { deferral?: { context?: unknown } } | undefined
  const { AuthorizationCode: code, DeviceCode: deviceCode } = ctx.oidc.entities
  const artifact = (code ?? deviceCode) as { deferralContext?: JsonObject } | undefined
  const context = result?.deferral?.context ?? artifact?.deferralContext
  return context === undefined ? undefined : mergedContext(context)
}

/** Merges several contexts into a copy. Throws a `TypeError` if one is not plain JSON, or if the result is too large. */
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
