import { errors, type Grant, type Provider } from 'oidc-provider'
import type { Binding, JsonObject } from '../../deferral/deferral.js'
import type { Context, Params } from '../context.js'
import { withPlainFaults } from '../faults.js'
import type { Host } from '../host.js'
import { type IssuedToken, intercept } from '../request/intercepts.js'
import { codeFrom } from './authorization_code.js'
import { codeRequest, runHandler } from './dry_run.js'

/** What is minted from: the narrowed source, the key it is bound to, and what was asked for when the request was held. */
export interface MintRequest {
  source: JsonObject
  binding: Binding | undefined
  requestedResource: string[] | undefined
  requestedDetails: JsonObject[] | undefined
  /** called before each token is stored; throws to keep it from being stored */
  saveToken: (token: IssuedToken) => void
}

/**
 * Runs the host's authorization_code handler to its end, so that tokens are minted exactly as without the wait.
 * A Grant or an account that is gone is `access_denied` (I-129, I-130); any other error of the host is rethrown.
 */
export async function mintFromCode(
  ctx: Context,
  { provider, codeHandler }: Host,
  { source, binding, requestedResource, requestedDetails, saveToken }: MintRequest,
): Promise<void> {
  const kept = await withLiveSession(provider, source)
  // verified when the request was held, and the verifier is not sent again
  const { codeChallenge, codeChallengeMethod, ...rest } = kept
  const code = codeFrom(provider, { ...rest, ...(binding?.jkt !== undefined && { dpopJkt: binding.jkt }) })
  intercept(ctx, { findCode: async () => code, saveToken })
  const lent: Params = codeRequest(source.redirectUri as string)
  if (requestedResource?.length) lent.resource = requestedResource.length > 1 ? requestedResource : requestedResource[0]
  if (requestedDetails) lent.authorization_details = JSON.stringify(requestedDetails)
  try {
    await runHandler(ctx, codeHandler, lent)
  } catch (error) {
    if (error instanceof errors.InvalidGrant && (await isGone(ctx, provider, source))) {
      throw new errors.AccessDenied('the authorization no longer holds')
    }
    throw error
  }
}

/** Destroys what was minted during this request; it was never disclosed. */
export async function discardMinted(ctx: Context, minted: readonly IssuedToken[]): Promise<void> {
  ctx.body = undefined
  await Promise.all(minted.map((token) => token.jti && token.destroy()))
}

/** The Grant behind a source; `undefined`: it is gone, over, or another's. */
export async function validGrant(provider: Provider, source: JsonObject): Promise<Grant | undefined> {
  const grant = await withPlainFaults(provider.Grant.find(source.grantId as string, { ignoreExpiration: true }))
  const stands = grant && !grant.isExpired && grant.clientId === source.clientId && grant.accountId === source.accountId
  return stands ? grant : undefined
}

// a session that merely ran out must not make the tokens stillborn; a logout revoked the Grant already
async function withLiveSession(provider: Provider, source: JsonObject): Promise<JsonObject> {
  if (!source.expiresWithSession) return source
  const session = await withPlainFaults(provider.Session.findByUid(source.sessionUid as string))
  const bound =
    session &&
    session.accountId === source.accountId &&
    session.grantIdFor(source.clientId as string) === source.grantId
  if (bound) return source
  const { expiresWithSession, ...rest } = source
  return rest
}

async function isGone(ctx: Context, provider: Provider, source: JsonObject): Promise<boolean> {
  if (!(await validGrant(provider, source))) return true
  return Boolean(ctx.oidc.entities.Grant) && !ctx.oidc.entities.Account
}
