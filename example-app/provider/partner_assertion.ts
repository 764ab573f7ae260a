import { createLocalJWKSet, type JWTPayload, errors as jose, jwtVerify } from 'jose'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { type JsonObject, type Provider, registerDeferrableGrant } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import { accountOf } from './accounts.js'
import { partnerGrant, partnerIssuer } from './partner_grant.js'

type Verify = (assertion: string) => Promise<JWTPayload>

/** Verifies assertions of the partner's identity provider. A real bank reads its keys from its `jwks_uri`. */
function verifier({ issuer }: Provider, { partner: { d: _, ...publicKey } }: Keys): Verify {
  const keys = createLocalJWKSet({ keys: [publicKey] })
  return async (assertion) => {
    const { payload } = await jwtVerify(assertion, keys, {
      issuer: partnerIssuer,
      audience: issuer,
      typ: 'oauth-id-jag+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['sub', 'client_id', 'jti', 'exp', 'iat'],
      maxTokenAge: '5 minutes',
    })
    return payload
  }
}

async function payloadOf(verify: Verify, assertion: unknown): Promise<JWTPayload> {
  if (typeof assertion !== 'string') throw new errors.InvalidRequest("missing required parameter 'assertion'")
  try {
    return await verify(assertion)
  } catch (error) {
    if (error instanceof jose.JOSEError) throw new errors.InvalidGrant(`the assertion is invalid: ${error.message}`)
    throw error
  }
}

/** Checks everything when the request comes in. The assertion has expired when somebody decides. */
function validate(provider: Provider, verify: Verify) {
  return async (ctx: KoaContextWithOIDC): Promise<JsonObject> => {
    const { assertion, scope: requestedScope } = ctx.oidc.params ?? {}
    const { sub, client_id, scope = '', jti, exp } = await payloadOf(verify, assertion)
    // `requiredClaims` guarantees that both are there.
    if (client_id !== ctx.oidc.client?.clientId) throw new errors.InvalidGrant('the assertion is for another client')
    const allowed = String(scope).split(' ')
    const names = typeof requestedScope === 'string' ? requestedScope.split(' ') : allowed
    if (!names.every((name) => allowed.includes(name)))
      throw new errors.InvalidScope('more than the assertion allows', names.join(' '))
    if (!accountOf(sub)) throw new errors.InvalidGrant('no such customer')
    const isFirstUse = await provider.ReplayDetection.unique(partnerIssuer, String(jti), Number(exp))
    if (!isFirstUse) throw new errors.InvalidGrant('the assertion was used before')
    return { accountId: String(sub), scope: names.join(' ') }
  }
}

/** Issues the token, at once or days later. `source` is the result of `validate`, without the rights a reviewer took away. */
function issue(provider: Provider) {
  return async (ctx: KoaContextWithOIDC, source: JsonObject): Promise<void> => {
    const { accountId, scope } = source as { accountId: string; scope: string }
    const client = ctx.oidc.client!
    // Revocation and userinfo need a Grant.
    const grant = new provider.Grant({ accountId, clientId: client.clientId })
    grant.addOIDCScope(scope)
    const token = new provider.AccessToken({ client, accountId, scope, grantId: await grant.save(), gty: partnerGrant })
    const value = await token.save()
    ctx.body = { access_token: value, expires_in: token.expiration, token_type: token.tokenType, scope: token.scope }
  }
}

/**
 * A grant of our own that can wait. The partner's identity provider signs a short-lived assertion about a customer for one client
 * (an Identity Assertion Authorization Grant). The client exchanges it for an access token.
 */
export function offerPartnerGrant(provider: Provider, keys: Keys): void {
  const grant = { validate: validate(provider, verifier(provider, keys)), issue: issue(provider) }
  registerDeferrableGrant(provider, partnerGrant, grant, ['assertion', 'scope'])
}
