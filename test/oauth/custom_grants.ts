import { jwtVerify, SignJWT } from 'jose'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { type DeferringClientMetadata, type JsonObject, registerDeferrableGrant } from 'oidc-provider-deferred'
import { clients } from '../support/clients.js'
import type { Clock } from '../support/clock.js'

/** Two grants as integrators write them: RFC 7523, and RFC 8693. */
export const assertionGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const customGrants = [assertionGrant, exchangeGrant] as const

/** The test clients, which may use both. */
export const customClients = clients.map((client) => ({
  ...client,
  grant_types: [...(client.grant_types ?? []), ...customGrants],
})) as DeferringClientMetadata[]

/** What the two grants did, and what tests have them do. */
export interface CustomGrants {
  validated: { grant: string; source: JsonObject }[]
  issued: { grant: string; source: JsonObject }[]
  /** runs in place of what `validate` returns, or before `issue` */
  instead: { validate?: (source: JsonObject) => unknown; issue?: (source: JsonObject) => void }
}

const partnerKey = new TextEncoder().encode('a key that the partner shares with the provider')

/** An assertion of the partner's about `alice`, good for a minute. */
export function assertion(clock: Clock, claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(clock.now().getTime() / 1000)
  return new SignJWT({ sub: 'alice', iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(partnerKey)
}

/** Registers both, by the clock of the test. */
export function registerCustomGrants(provider: Provider, clock: Clock): CustomGrants {
  const did: CustomGrants = { validated: [], issued: [], instead: {} }

  async function validate(ctx: KoaContextWithOIDC, grant: string, token: unknown): Promise<JsonObject> {
    const { scope, audience } = ctx.oidc.params as { scope?: string; audience?: string | string[] }
    const { sub, grantId } = await verified(String(token), clock)
    const source = { accountId: sub, scope, audience, ...(grantId !== undefined && { grantId }) } as JsonObject
    did.validated.push({ grant, source })
    return did.instead.validate ? (did.instead.validate(source) as JsonObject) : source
  }

  async function issue(ctx: KoaContextWithOIDC, grant: string, source: JsonObject): Promise<void> {
    did.issued.push({ grant, source })
    did.instead.issue?.(source)
    ctx.body = await answerFrom(provider, ctx, grant, source)
  }

  registerDeferrableGrant(
    provider,
    assertionGrant,
    {
      validate: (ctx) => validate(ctx, assertionGrant, ctx.oidc.params?.assertion),
      issue: (ctx, source) => issue(ctx, assertionGrant, source),
    },
    ['assertion', 'scope'],
  )
  registerDeferrableGrant(
    provider,
    exchangeGrant,
    {
      validate: (ctx) => validate(ctx, exchangeGrant, ctx.oidc.params?.subject_token),
      issue: (ctx, source) => issue(ctx, exchangeGrant, source),
    },
    new Set(['subject_token', 'subject_token_type', 'audience', 'scope']),
    'audience',
  )
  return did
}

async function verified(token: string, clock: Clock): Promise<{ sub?: string; grantId?: string }> {
  try {
    return (await jwtVerify(token, partnerKey, { currentDate: clock.now() })).payload
  } catch {
    throw new errors.InvalidGrant('assertion is not valid')
  }
}

async function answerFrom(provider: Provider, ctx: KoaContextWithOIDC, grant: string, source: JsonObject) {
  const { accountId, grantId, scope } = source as { accountId: string; grantId?: string; scope?: string }
  const from = { client: ctx.oidc.client, accountId, grantId, scope, gty: grant }
  const token = new provider.AccessToken(from as never)
  const refreshToken = new provider.RefreshToken(from as never)
  return {
    access_token: await token.save(),
    token_type: token.tokenType,
    expires_in: token.expiration,
    ...(scope?.includes('offline_access') && { refresh_token: await refreshToken.save() }),
    ...(grant === exchangeGrant && { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }),
    scope,
  }
}
