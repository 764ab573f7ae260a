import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Client, Provider } from 'oidc-provider'
import type { Context } from './context.js'
import type { BackchannelRequest } from './overrides/backchannel_requests.js'

/**
 * A context for callbacks of the integrator when there is no HTTP request. It has the client, and URLs of the issuer; it has no
 * route, no parameters and no address of a client.
 */
export function backgroundContext(provider: Provider, client: Client): Context {
  const { host, pathname } = new URL(provider.issuer)
  const req = Object.assign(new IncomingMessage(new Socket()), { url: pathname, method: 'POST', headers: { host } })
  const ctx = (provider as any).createContext(req, new ServerResponse(req))
  Object.defineProperty(ctx, 'oidc', { value: new (provider as any).OIDCContext(ctx) })
  ctx.oidc.entity('Client', client)
  return ctx
}

/** A CIBA request that no client has sent. */
export function newBackchannelRequest(provider: Provider, members: object): BackchannelRequest {
  return new (provider as any).BackchannelAuthenticationRequest(members)
}
