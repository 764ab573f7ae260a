import type { JsonObject } from '../../deferral/deferral.js'
import { type Context, clientOf, detailsOf, type Params, paramsOf } from '../context.js'
import { plainSource } from '../nesting.js'
import { intercept } from '../request/intercepts.js'
import type { GrantHandler, Internals } from '../seams.js'
import { runHandler } from './dry_run.js'
import type { MintRequest } from './mint.js'

const grantType = 'client_credentials'

/** The source of a client_credentials request: its validated parameters, with the names that the host uses in a code. */
export function requestSource(ctx: Context, { grantTypeParams }: Internals): JsonObject {
  const params = paramsOf(ctx)
  const declared = [...(grantTypeParams.get(grantType) ?? [])].map((name) => [name, params[name]] as const)
  const { grant_type, scope, resource, authorization_details, ...others } = Object.fromEntries(declared)
  const details = detailsOf(ctx)
  const source = {
    clientId: clientOf(ctx).clientId,
    scope,
    resource,
    ...(details && { rar: details }),
    params: others,
  }
  return plainSource(source)
}

/** Mints a token with the host's client_credentials handler and the stored parameters. */
export async function mintFromClientCredentials(
  ctx: Context,
  handler: GrantHandler,
  { source, saveToken }: MintRequest,
): Promise<void> {
  const { scope, resource, rar, params } = source as {
    scope?: string
    resource?: string
    rar?: JsonObject[]
    params: Params
  }
  intercept(ctx, { saveToken })
  await runHandler(ctx, handler, {
    ...params,
    grant_type: grantType,
    scope: scope || undefined,
    resource,
    authorization_details: rar?.length ? JSON.stringify(rar) : undefined,
  })
}
