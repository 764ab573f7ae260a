import { jwtVerify, SignJWT } from 'jose'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { type DeferringClientMetadata, type JsonObject, registerDeferrableGrant } from 'oidc-provider-deferred'
import { added } from '../../support/authorization.js'
import { clients } from '../../support/clients.js'
import type { Clock } from '../../support/clock.js'
import { pollDeferral } from '../../support/deferral.js'
import type { TestProvider } from '../../support/provider.js'
import { type Answer, type Extras, type RelyingParty, relyingParty } from '../../support/relying_party.js'

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

type Wire = Record<string, string | string[] | undefined>

/** A token request of one of the two, good unless told otherwise. */
export async function sendCustom(
  op: TestProvider,
  rp: RelyingParty,
  grant: string,
  params: Wire = {},
  extras: Extras = {},
): Promise<Answer> {
  const token = await assertion(op.clock)
  const own = grant === assertionGrant ? { assertion: token } : { subject_token: token, audience: ['a', 'b'] }
  return rp.token({ grant_type: grant, scope: 'email payments', ...own, ...params }, extras)
}

/** The same of a client that can wait, and the provider defers. */
export async function waitingCustom(op: TestProvider, rp: RelyingParty, grant: string, params: Wire = {}) {
  const opted = { completion_mode: 'deferred', ...params }
  const { result, new: there } = await added(op, () => sendCustom(op, rp, grant, opted))
  if (!there[0]) throw new Error(`not deferred: ${JSON.stringify(result.body)}`)
  return { answer: result, id: there[0].id, deferralCode: result.body.deferral_code as string }
}

/** A token exchange of a client that can wait. */
export async function exchangeWaiting(
  op: TestProvider,
  params: Wire = {},
  extras: Extras = {},
  clientId = 'secret',
): Promise<Answer> {
  const subject = { subject_token: await assertion(op.clock), scope: 'email', completion_mode: 'deferred' }
  return relyingParty(op.issuer, clientId).token({ grant_type: exchangeGrant, ...subject, ...params }, extras)
}

/** The same, deferred and approved. */
export async function exchangeApproved(op: TestProvider, params: Wire = {}) {
  const { result, new: there } = await added(op, () => exchangeWaiting(op, params))
  const id = there[0]?.id as string
  await op.provider.deferrals.approve(id)
  return { id, poll: () => pollDeferral(relyingParty(op.issuer), result.body.deferral_code) }
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
