/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Request using the Authentication Request ID", and OAuth 2.0 Deferred
 * Token Response, "Polling": a poll must not change the first request (I-010, C-I08). Some client libraries send the parameters
 * of the first request with every poll. These are accepted, and have no effect.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { type Context, paramsOf, sentValues } from '../host/context.js'

/** Parameters that a poll must never carry; for completion_mode the draft says so (I-068). */
const refused = ['authorization_details', 'claims', 'code_verifier', 'completion_mode']

type Repeats = (sent: string[], deferral: DeferralRecord) => boolean

/** Parameters that are ignored if they repeat the first request, each with its comparison. */
const repeatable: Record<string, Repeats> = {
  scope: ([scope, ...more], deferral) => !more.length && isScope(scope?.split(' ').filter(Boolean), deferral),
  resource: (sent, { resource, requestedResource }) => isSame(sent, resource) || isSame(sent, requestedResource),
  redirect_uri: ([uri, ...more], { source }) => !more.length && uri === source.redirectUri,
}

/** Throws `invalid_request` for parameters that no poll may carry. `proof`: the one by which a direct deferral is claimed. */
export function assertPoll(ctx: Context, kind: string, proof?: 'code_verifier'): void {
  const name = refused.find((parameter) => parameter !== proof && sentValues(ctx, parameter).length)
  if (name) throw refusalOf(name, kind)
}

/** Whether this poll carries parameters that must be compared with the first request. */
export function isRepeating(ctx: Context): boolean {
  return [...Object.keys(repeatable), 'code_verifier'].some((name) => sentValues(ctx, name).length)
}

/**
 * Drops parameters that repeat the first request. Throws `invalid_request` for others. Call it only for the rightful client.
 */
export function dropRepeated(ctx: Context, kind: string, deferral: DeferralRecord): void {
  for (const [name, repeats] of Object.entries(repeatable)) {
    const sent = sentValues(ctx, name)
    // after an erasure there is nothing to compare it with
    if (sent.length && !deferral.erasedAt && !repeats(sent, deferral)) throw refusalOf(name, kind)
    // the host must not use it when it mints tokens
    delete paramsOf(ctx)[name]
  }
}

/** Whether this parameter repeats the first request. */
export function isRepeated(name: 'scope' | 'resource', sent: string[], deferral: DeferralRecord): boolean {
  return repeatable[name]?.(sent, deferral) ?? false
}

function refusalOf(name: string, kind: string): Error {
  const hint = name in repeatable ? ', leave it out or repeat that of the first request' : ''
  return new errors.InvalidRequest(`${name} must not be sent with ${kind}${hint}`)
}

// the host drops unknown scopes, scopes that were not granted, and `offline_access` without consent
function isScope(sent: string[] = [], { scope, requestedScope = scope }: DeferralRecord): boolean {
  const accepted = sent.filter((word) => word !== 'offline_access' || scope.includes(word))
  return isSame(sent, requestedScope) || isSame(accepted, requestedScope) || isSame(accepted, scope)
}

function isSame(sent: readonly string[] = [], requested: readonly string[] = []): boolean {
  const [a, b] = [new Set(sent), new Set(requested)]
  return a.size === b.size && [...a].every((value) => b.has(value))
}
