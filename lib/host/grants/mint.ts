import { errors, type Provider } from 'oidc-provider'
import type { Binding, JsonObject } from '../../deferral/deferral.js'
import type { Context, Params } from '../context.js'
import { withPlainFaults } from '../faults.js'
import type { Host } from '../host.js'
import { type IssuedToken, intercept } from '../request/intercepts.js'
import { codeFrom } from './authorization_code.js'
import { codeRequest, runHandler } from './dry_run.js'
import { noLongerGranted, validGrant } from './valid_grant.js'

/** The input of a minter. The source is already narrowed to the decision. */
export interface MintRequest {
  source: JsonObject
  /** the key that the tokens must be bound to */
  binding: Binding | undefined
  /** parameters of the first request, narrowed to the decision */
  requestedResource: string[] | undefined
  requestedDetails: JsonObject[] | undefined
  /** called before each token is stored. If it throws, the token is not stored */
  saveToken: (token: IssuedToken) => void
}

/**
 * Mints tokens with the host's authorization_code handler, so that they are the same as without the wait. Throws
 * `access_denied` if the Grant or the account is missing (I-129, I-130), and rethrows any other error of the host.
 */
export async function mintFromCode(
  ctx: Context,
  { provider, codeHandler }: Host,
  { source, binding, requestedResource, requestedDetails, saveToken }: MintRequest,
): Promise<void> {
  const payload = await withoutExpiredSession(provider, source)
  // the host verified PKCE at the first request; polls do not carry the verifier
  const { codeChallenge, codeChallengeMethod, ...rest } = payload
  const code = codeFrom(provider, { ...rest, ...(binding?.jkt !== undefined && { dpopJkt: binding.jkt }) })
  intercept(ctx, { findCode: async () => code, saveToken })
  const params: Params = codeRequest(source.redirectUri as string)
  if (requestedResource?.length)
    params.resource = requestedResource.length > 1 ? requestedResource : requestedResource[0]
  if (requestedDetails) params.authorization_details = JSON.stringify(requestedDetails)
  try {
    await runHandler(ctx, codeHandler, params)
  } catch (error) {
    if (error instanceof errors.InvalidGrant && (await isGone(ctx, provider, source))) {
      throw noLongerGranted()
    }
    throw error
  }
}

/** Destroys the tokens that this request has minted and not disclosed. */
export async function discardMinted(ctx: Context, tokens: readonly IssuedToken[]): Promise<void> {
  ctx.body = undefined
  await Promise.all(tokens.map((token) => token.jti && token.destroy()))
}

// The host ends tokens together with their session. If the session has expired during the wait, the new tokens are not bound to
// it, or they would end at once. A logout is no problem: it revokes the Grant.
async function withoutExpiredSession(provider: Provider, source: JsonObject): Promise<JsonObject> {
  if (!source.expiresWithSession) return source
  const session = await withPlainFaults(provider.Session.findByUid(source.sessionUid as string))
  const isLive =
    session &&
    session.accountId === source.accountId &&
    session.grantIdFor(source.clientId as string) === source.grantId
  if (isLive) return source
  const { expiresWithSession, ...rest } = source
  return rest
}

async function isGone(ctx: Context, provider: Provider, source: JsonObject): Promise<boolean> {
  if (!(await validGrant(provider, source))) return true
  return Boolean(ctx.oidc.entities.Grant) && !ctx.oidc.entities.Account
}
