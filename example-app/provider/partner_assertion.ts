import { createLocalJWKSet, type JWTPayload, errors as jose, jwtVerify } from 'jose'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { type JsonObject, type Provider, registerDeferrableGrant } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import { accountOf } from './accounts.js'
import { partnerGrant, partnerIssuer } from './partner_grant.js'

type Verify = (assertion: string) => Promise<JWTPayload>

/** Trusts the partner's identity provider; a real bank reads its keys from its `jwks_uri`. */
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

async function verified(verify: Verify, assertion: unknown): Promise<JWTPayload> {
  if (typeof assertion !== 'string') throw new errors.InvalidRequest("missing required parameter 'assertion'")
  try {
    return await verify(assertion)
  } catch (error) {
    if (error instanceof jose.JOSEError)
      throw new errors.InvalidGrant(`the assertion is not acceptable, ${error.message}`)
    throw error
  }
}

/** Everything is checked when the request comes in: by the time somebody decides the assertion has long expired. */
function validate(provider: Provider, verify: Verify) {
  return async (ctx: KoaContextWithOIDC): Promise<JsonObject> => {
    const { assertion, scope: asked } = ctx.oidc.params ?? {}
    const { sub, client_id, scope = '', jti, exp } = await verified(verify, assertion)
    // Both are checked to be there.
    if (client_id !== ctx.oidc.client?.clientId) throw new errors.InvalidGrant('the assertion is for another client')
    const granted = String(scope).split(' ')
    const wanted = typeof asked === 'string' ? asked.split(' ') : granted
    if (!wanted.every((name) => granted.includes(name)))
      throw new errors.InvalidScope('more than the assertion allows', wanted.join(' '))
    if (!accountOf(sub)) throw new errors.InvalidGrant('no such customer')
    const first = await provider.ReplayDetection.unique(partnerIssuer, String(jti), Number(exp))
    if (!first) throw new errors.InvalidGrant('the assertion was used before')
    return { accountId: String(sub), scope: wanted.join(' ') }
  }
}

/** Runs at once, or days later, and takes everything from what was validated, less what a reviewer took away. */
function issue(provider: Provider) {
  return async (ctx: KoaContextWithOIDC, source: JsonObject): Promise<void> => {
    const { accountId, scope } = source as { accountId: string; scope: string }
    const client = ctx.oidc.client!
    // What can be taken back later, and what userinfo looks up.
    const grant = new provider.Grant({ accountId, clientId: client.clientId })
    grant.addOIDCScope(scope)
    const token = new provider.AccessToken({ client, accountId, scope, grantId: await grant.save(), gty: partnerGrant })
    const value = await token.save()
    ctx.body = { access_token: value, expires_in: token.expiration, token_type: token.tokenType, scope: token.scope }
  }
}

/**
 * A grant of our own that can wait: the partner's identity provider vouches for one of its customers with a short-lived assertion
 * for one client (an Identity Assertion Authorization Grant), and the client asks us for an access token with it.
 */
export function offerPartnerGrant(provider: Provider, keys: Keys): void {
  const grant = { validate: validate(provider, verifier(provider, keys)), issue: issue(provider) }
  registerDeferrableGrant(provider, partnerGrant, grant, ['assertion', 'scope'])
}
