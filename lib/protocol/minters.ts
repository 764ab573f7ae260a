/*
 * OAuth 2.0 Deferred Token Response, "Successful Response": the tokens are those of the first request's grant. One minter per
 * grant.
 */
import type { Context } from '../host/context.js'
import { mintFromClientCredentials } from '../host/grants/client_credentials.js'
import { type MintRequest, mintFromCode } from '../host/grants/mint.js'
import type { Host } from '../host/host.js'
import { customGrant, mintFromCustomGrant } from './oauth/custom_grants.js'

/** Mints the tokens of an approved deferral. */
export type Minter = (ctx: Context, request: MintRequest) => Promise<void>

/** The minter for a grant; `undefined` if the grant is not registered on this node. */
export function minterOf(host: Host, grantType: string): Minter | undefined {
  if (grantType === 'authorization_code') return (ctx, request) => mintFromCode(ctx, host, request)
  if (grantType === 'client_credentials') {
    const { clientCredentialsHandler: handler } = host
    return handler && ((ctx, request) => mintFromClientCredentials(ctx, handler, request))
  }
  const grant = customGrant(host.provider, grantType)
  return grant && ((ctx, request) => mintFromCustomGrant(ctx, host, { name: grantType, grant }, request))
}
