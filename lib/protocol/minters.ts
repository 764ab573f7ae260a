import type { Context } from '../host/context.js'
import { mintFromClientCredentials } from '../host/grants/client_credentials.js'
import { type MintRequest, mintFromCode } from '../host/grants/mint.js'
import type { Host } from '../host/host.js'
import { customGrant, mintFromCustomGrant } from './oauth/custom_grants.js'

/** Issues what was deferred, in the end. */
export type Mint = (ctx: Context, request: MintRequest) => Promise<void>

/** How a deferred request of this grant is issued in the end; `undefined`: not on this node. */
export function minterOf(host: Host, grantType: string): Mint | undefined {
  if (grantType === 'authorization_code') return (ctx, request) => mintFromCode(ctx, host, request)
  if (grantType === 'client_credentials') {
    const { clientCredentialsHandler: handler } = host
    return handler && ((ctx, request) => mintFromClientCredentials(ctx, handler, request))
  }
  const grant = customGrant(host.provider, grantType)
  return grant && ((ctx, request) => mintFromCustomGrant(ctx, host, { name: grantType, grant }, request))
}
