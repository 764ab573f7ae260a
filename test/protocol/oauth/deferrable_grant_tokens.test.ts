import type { KoaContextWithOIDC } from 'oidc-provider'
import { type JsonObject, registerDeferrableGrant } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { held, pollDeferral, whoeverCan } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

const grant = 'urn:example:grant'
let op: TestProvider
let directory: ((ctx: KoaContextWithOIDC) => Promise<string>) | undefined
let members: object
const own: string[] = []

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      clients: clients.map((client) => ({
        ...client,
        grant_types: [...(client.grant_types ?? []), grant],
        ...(client.client_id === 'other' && { scope: 'openid email' }),
      })),
      async findAccount(ctx, sub) {
        if (directory) own.push(await directory(ctx))
        return { accountId: sub, claims: () => ({ sub }) }
      },
    },
    deferred: { defer: whoeverCan },
  })
  const validate = (ctx: KoaContextWithOIDC): JsonObject => ({
    accountId: 'alice',
    scope: (ctx.oidc.params?.scope as string | undefined) ?? 'email payments',
  })
  registerDeferrableGrant(op.provider, grant, { validate, issue }, 'scope')
})
afterAll(() => op.close())
beforeEach(() => {
  directory = undefined
  members = {}
  own.length = 0
})

async function issue(ctx: KoaContextWithOIDC, { accountId, scope }: JsonObject): Promise<void> {
  const token = new op.provider.AccessToken({
    client: ctx.oidc.client,
    accountId,
    scope,
    gty: 'x',
    ...members,
  } as never)
  ctx.body = { access_token: await token.save(), token_type: token.tokenType, scope }
}

const waiting = (rp: RelyingParty, params = {}) =>
  held(op, rp, 'client_credentials', { params: { grant_type: grant, ...params } })

test('a token that findAccount saves for itself is neither narrowed, nor bound, nor discarded with those of the grant', async () => {
  const rp = relyingParty(op.issuer, 'secret', await dpopKey())
  const { deferralCode, id } = await waiting(rp)
  await op.provider.deferrals.approve(id, { scope: 'email', until: new Date(Date.now() + 60_000) })
  directory = async (ctx) => {
    const token = { client: ctx.oidc.client, accountId: 'directory', scope: 'internal', gty: 'directory' }
    return new op.provider.AccessToken(token as never).save()
  }
  members = { jkt: 'of somebody else' }
  expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
  members = {}
  const { status, body } = await pollDeferral(rp, deferralCode)
  expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'email' })
  expect(await op.provider.AccessToken.find(body.access_token)).toMatchObject({ jkt: rp.key?.jkt, scope: 'email' })
  expect(own.length).toBeGreaterThanOrEqual(2)
  for (const value of own) {
    const token = await op.provider.AccessToken.find(value)
    expect(token).toMatchObject({ accountId: 'directory', scope: 'internal' })
    expect(token?.jkt).toBeUndefined()
    expect(token?.remainingTTL).toBeGreaterThan(60)
  }
})

describe('I-009 a grant that binds its token to another key than that of the request', () => {
  const serverError = { status: 500, body: { error: 'server_error' } }

  test('at once: server_error', async () => {
    members = { jkt: (await dpopKey()).jkt }
    const answer = await relyingParty(op.issuer, 'secret', await dpopKey()).token({ grant_type: grant })
    expect(answer).toMatchObject(serverError)
    expect(answer.body).not.toHaveProperty('access_token')
  })

  test('after the wait: server_error, and the approval is not lost', async () => {
    const rp = relyingParty(op.issuer, 'secret', await dpopKey())
    const { deferralCode, id } = await waiting(rp)
    await op.provider.deferrals.approve(id)
    members = { jkt: (await dpopKey()).jkt }
    expect(await pollDeferral(rp, deferralCode)).toMatchObject(serverError)
    members = {}
    const { status, body } = await pollDeferral(rp, deferralCode)
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'DPoP' })
  })
})

describe('a scope that is not of the client', () => {
  const scope = 'email payments'

  test.each([{}, { completion_mode: 'deferred' }])(
    'is invalid_scope before anything waits, with %j',
    async (params) => {
      const answer = await relyingParty(op.issuer, 'other').token({ grant_type: grant, scope, ...params })
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
      const { deferrals } = await op.provider.deferrals.list({ clientId: 'other' })
      expect(deferrals).toEqual([])
    },
  )

  test('one that is waits, and is issued', async () => {
    const rp = relyingParty(op.issuer, 'other')
    const { deferralCode, id } = await waiting(rp, { scope: 'email' })
    await op.provider.deferrals.approve(id)
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200, body: { scope: 'email' } })
  })
})
