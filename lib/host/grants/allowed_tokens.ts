import { errors } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { beyond } from '../../deferral/json.js'
import type { Context } from '../context.js'
import { allowanceOf } from '../request/allowance.js'
import { type IssuedToken, intercept } from '../request/intercepts.js'
import { capAt } from './token_end.js'

interface Rights {
  scope?: string | undefined
  resource?: string | string[] | undefined
  rar?: JsonObject[] | undefined
}

/** Narrows the tokens of this request to its allowance: `first`, which the host is about to store, and those that follow. */
export function narrowAnswer(ctx: Context, first: IssuedToken): void {
  if (!allowanceOf(ctx)) return
  // the host reads the rest of its answer from the code: scope, claims of the ID Token, rights of the refresh token
  const { AuthorizationCode, DeviceCode, BackchannelAuthenticationRequest } = ctx.oidc.entities
  const source = (AuthorizationCode ?? DeviceCode ?? BackchannelAuthenticationRequest) as Rights | undefined
  if (source) narrowRights(ctx, source)
  narrowToken(ctx, first)
  intercept(ctx, { saveToken: (token) => narrowToken(ctx, token) })
}

/** Narrows one token to the allowance of this request. Throws if the allowance leaves nothing of it. */
export function narrowToken(ctx: Context, token: IssuedToken): void {
  const noted = allowanceOf(ctx)
  if (!noted) return
  const { resource } = noted.allowance
  const target = (token as { resourceServer?: { identifier(): string } }).resourceServer?.identifier()
  if (resource && target !== undefined && !resource.includes(target)) throw new errors.InvalidTarget()
  narrowRights(ctx, token as Rights)
  if (noted.until !== undefined && !capAt(token, noted.until, noted.now())) {
    throw new errors.InvalidGrant('the allowance has ended')
  }
}

function narrowRights(ctx: Context, rights: Rights): void {
  const { scope, resource, authorizationDetails: details } = allowanceOf(ctx)?.allowance ?? {}
  if (scope && rights.scope !== undefined) rights.scope = keep(rights.scope.split(' '), scope).join(' ') || undefined
  if (resource && rights.resource !== undefined) rights.resource = keep([rights.resource].flat(), resource)
  if (details && rights.rar?.length) rights.rar = keepDetails(rights.rar, details)
}

function keep(names: readonly string[], allowed: readonly string[]): string[] {
  return names.filter((name) => allowed.includes(name))
}

function keepDetails(details: JsonObject[], allowed: JsonObject[]): JsonObject[] {
  const wider = new Set(beyond(details, allowed))
  const kept = details.filter((entry) => !wider.has(entry))
  if (kept.length === 0) throw new errors.InvalidAuthorizationDetails('none of the authorization_details are granted')
  return kept
}
