/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Request", and OAuth 2.0 Deferred Token Response, "Polling": a poll
 * carries nothing that would change the request it is about (I-010, C-I08). Client libraries repeat parameters of the first
 * request with every token request; a repeated one changes nothing.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../deferral/deferral.js'
import type { HandleKind } from '../deferral/handle.js'
import { type Context, paramsOf, sentValues } from '../host/context.js'

/** Parameters that are always refused. A client must not send completion_mode with a poll (I-068). */
const refused = ['authorization_details', 'claims', 'code_verifier', 'completion_mode']

type Repeats = (sent: string[], deferral: DeferralRecord) => boolean

/** Parameters that are ignored where they repeat the first request, each with its comparison. */
const repeatable: Record<string, Repeats> = {
  scope: ([scope, ...more], deferral) => !more.length && isScope(scope?.split(' ').filter(Boolean), deferral),
  resource: (sent, { resource, requestedResource }) => isSame(sent, resource) || isSame(sent, requestedResource),
  redirect_uri: ([uri, ...more], { source }) => !more.length && uri === source.redirectUri,
}

/** Refuses the parameters that no poll may carry. */
export function assertPoll(ctx: Context, kind: HandleKind): void {
  const name = refused.find((one) => sentValues(ctx, one).length)
  if (name) throw reshaping(name, kind)
}

/** Whether this poll carries parameters that have to be compared with those of the first request. */
export function isRepeating(ctx: Context): boolean {
  return Object.keys(repeatable).some((name) => sentValues(ctx, name).length)
}

/** Refuses parameters that are not those of the first request, and drops those that are. For the rightful client only. */
export function dropRepeated(ctx: Context, kind: HandleKind, deferral: DeferralRecord): void {
  for (const [name, repeats] of Object.entries(repeatable)) {
    const sent = sentValues(ctx, name)
    if (sent.length && !repeats(sent, deferral)) throw reshaping(name, kind)
    // the host would read it when tokens are minted
    delete paramsOf(ctx)[name]
  }
}

function reshaping(name: string, kind: HandleKind): Error {
  const hint = name in repeatable ? ', leave it out or repeat that of the first request' : ''
  return new errors.InvalidRequest(`${name} must not be sent with ${kind}${hint}`)
}

// the host leaves out what it does not know, what was not granted, and `offline_access` without consent
function isScope(sent: string[] = [], { scope, requestedScope = scope }: DeferralRecord): boolean {
  const kept = sent.filter((one) => one !== 'offline_access' || scope.includes(one))
  return isSame(sent, requestedScope) || isSame(kept, requestedScope) || isSame(kept, scope)
}

function isSame(sent: readonly string[] = [], requested: readonly string[] = []): boolean {
  const [a, b] = [new Set(sent), new Set(requested)]
  return a.size === b.size && [...a].every((one) => b.has(one))
}
