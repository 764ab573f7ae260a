import type { Provider } from 'oidc-provider'
import { type Context, currentContext, paramsOf } from '../context.js'
import type { BackchannelRequest } from '../request/backchannel_request.js'

/** How the plugin treats its CIBA requests. */
export interface BackchannelRules {
  /** called before a request of the current HTTP request is stored; resolves to the function that is called if that fails */
  beforeSave: (ctx: Context, request: BackchannelRequest) => Promise<((error: unknown) => Promise<void>) | undefined>
  /** called in place of the storage of a result */
  onResult: (request: BackchannelRequest) => Promise<void>
  /** called when a client polls with a request of the plugin; throws to stop the host's handler */
  onPoll: (ctx: Context, request: BackchannelRequest) => never
}

/**
 * Overrides `find` and `save` of the host's CIBA requests, and `backchannelPing` of its clients, for requests of the plugin. No
 * public way: the host stores the hint in clear, and has no hook between the result and its storage, and none for a poll.
 */
export function installBackchannelRequests(provider: Provider, rules: BackchannelRules): void {
  const { BackchannelAuthenticationRequest: Request, Client } = provider as any
  const { find } = Request
  const { save } = Request.prototype
  const { backchannelPing } = Client.prototype

  Request.find = async function (this: unknown, value: string, ...args: unknown[]) {
    const request: BackchannelRequest | undefined = await find.call(this, value, ...args)
    const ctx = currentContext(provider)
    const isPolled = ctx?.oidc?.route === 'token' && ctx.oidc.params && paramsOf(ctx).auth_req_id === value
    if (!request?.deferralId || !ctx || !isPolled) return request
    // the provider's own questions have no client that polls
    return request.deferralLeg === 'hint' ? rules.onPoll(ctx, request) : undefined
  }

  Request.prototype.save = async function (this: BackchannelRequest, ...args: unknown[]) {
    const isOurs = this.deferralId !== undefined
    if (isOurs && (this.grantId !== undefined || this.error !== undefined)) {
      await rules.onResult(this)
      return this.jti
    }
    const ctx = currentContext(provider)
    const entity: unknown = ctx?.oidc?.entities.BackchannelAuthenticationRequest
    const undo = ctx && entity === this ? await rules.beforeSave(ctx, this) : undefined
    try {
      return await save.apply(this, args)
    } catch (error) {
      await undo?.(error)
      throw error
    }
  }

  Client.prototype.backchannelPing = async function (this: unknown, request: BackchannelRequest, ...args: unknown[]) {
    if (request?.deferralId === undefined) return backchannelPing.call(this, request, ...args)
  }
}
