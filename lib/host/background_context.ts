import type { Client, Provider } from 'oidc-provider'
import type { Context } from './context.js'
import type { BackchannelRequest } from './request/backchannel_request.js'

/**
 * A context for callbacks of the integrator when there is no HTTP request. It has the client, and URLs of the issuer; it has no
 * route, no parameters and no address of a client.
 */
export function backgroundContext(provider: Provider, client: Client): Context {
  const { host, pathname, protocol } = new URL(provider.issuer)
  const socket = { encrypted: protocol === 'https:' }
  const req = { url: pathname, originalUrl: pathname, method: 'POST', headers: { host }, socket }
  const ctx = (provider as any).createContext(req, unsentResponse())
  Object.defineProperty(ctx, 'oidc', { value: new (provider as any).OIDCContext(ctx) })
  ctx.oidc.entity('Client', client)
  return ctx
}

/** A CIBA request that no client has sent. */
export function newBackchannelRequest(provider: Provider, members: object): BackchannelRequest {
  return new (provider as any).BackchannelAuthenticationRequest(members)
}

// takes headers, and goes nowhere
function unsentResponse(): object {
  const headers = new Map<string, unknown>()
  return {
    statusCode: 404,
    headersSent: false,
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    hasHeader: (name: string) => headers.has(name.toLowerCase()),
    setHeader: (name: string, value: unknown) => void headers.set(name.toLowerCase(), value),
    removeHeader: (name: string) => void headers.delete(name.toLowerCase()),
    getHeaders: () => Object.fromEntries(headers),
  }
}
