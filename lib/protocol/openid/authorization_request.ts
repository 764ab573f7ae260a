/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Request": with response_type the client says that it can
 * wait. The provider decides whether it must.
 */
import { errors } from 'oidc-provider'
import { newId } from '../../deferral/handle.js'
import { accountOf, type Context, clientOf, detailsOf, paramsOf } from '../../host/context.js'
import { restoreResponseType } from '../../host/request/response_type.js'
import { type BaseDeferRequest, visibleParams } from '../ask_defer.js'
import { responseTypes } from './names.js'

/** Restores the response type after the host's checks. Throws `invalid_request` for response mode fragment. */
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

/** Whether the authorization response carries tokens, as in the implicit and the hybrid flow. */
export function isAnsweredWithTokens(ctx: Context): boolean {
  const { response_type: type } = paramsOf(ctx)
  return typeof type === 'string' && type.split(' ').some((word) => word === 'token' || word === 'id_token')
}

/** The request for `defer`, from an authentication request. `id` is the id of the future deferral. */
export function deferRequest(ctx: Context, id = newId()): BaseDeferRequest {
  const params = paramsOf(ctx)
  const { resource } = params
  const account = accountOf(ctx)
  const details = detailsOf(ctx)
  return {
    id,
    profile: 'openid',
    client: clientOf(ctx),
    ...(account && { account }),
    scope: new Set(ctx.oidc.requestParamScopes),
    resource: resource === undefined ? [] : [resource].flat(),
    ...(details && { authorizationDetails: details }),
    params: visibleParams(params),
  }
}
