import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { type JsonObject, registerDeferrableGrant } from 'oidc-provider-deferred'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { pollDeferral } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type DpopKey, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'

let op: TestProvider
let key: DpopKey
let rp: RelyingParty

beforeAll(async () => {
  key = await dpopKey()
  op = await startProvider({
    deferred: { defer: () => true },
    configuration: {
      clients: clients.map((client) =>
        client.client_id === 'secret'
          ? { ...client, grant_types: [...(client.grant_types ?? []), exchange], scope: 'openid email payments' }
          : client,
      ),
    },
  })
  registerDeferrableGrant(op.provider, exchange, { validate, issue }, ['subject_token', 'scope'])
  rp = relyingParty(op.issuer, 'secret', key)
})

afterAll(() => op.close())

function validate(ctx: KoaContextWithOIDC): JsonObject {
  const { subject_token, scope } = ctx.oidc.params as Record<string, string>
  if (subject_token !== 'good') throw new errors.InvalidRequest('subject_token is not good')
  return { scope: scope ?? '' }
}

async function issue(ctx: KoaContextWithOIDC, { scope }: JsonObject): Promise<void> {
  const { ClientCredentials } = ctx.oidc.provider
  const token = new ClientCredentials({ client: ctx.oidc.client as Client, scope: scope as string })
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: accessToken,
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope,
  }
}

/** A deferred token exchange. */
async function held(): Promise<{ code: string; id: string }> {
  const { body } = await rp.token({
    grant_type: exchange,
    subject_token: 'good',
    scope: 'email payments',
    completion_mode: 'deferred',
  })
  expect(body).toMatchObject({ error: 'authorization_pending', deferral_code: expect.any(String) })
  return { code: body.deferral_code, id: body.deferral_code.slice(0, 22) }
}

test('I-064 I-065 I-055 its token type is that of the grant, never that of the deferral_code', async () => {
  const { code, id } = await held()
  await op.provider.deferrals.approve(id)
  const { status, body } = await pollDeferral(rp, code)
  expect(status).toBe(200)
  expect(body).toMatchObject({ issued_token_type: accessToken, token_type: 'DPoP', scope: 'email payments' })
})

test("I-013 I-016 a grant of the integrator's keeps the guarantees: key, parameters and polling are as ever", async () => {
  const { code, id } = await held()
  await op.provider.deferrals.approve(id)
  expect((await pollDeferral(rp, code, {}, { dpop: undefined })).body.error).toBe('invalid_dpop_proof')
  expect((await pollDeferral(rp, code, {}, { dpop: await dpopKey() })).body.error).toBe('invalid_dpop_proof')
  expect((await pollDeferral(rp, code, { scope: 'openid' })).body.error).toBe('invalid_request')
  const { body } = await pollDeferral(rp, code)
  const { body: told } = await rp.post('/token/introspection', { token: body.access_token })
  expect(told).toMatchObject({ active: true, cnf: { jkt: key.jkt } })
  expect((await pollDeferral(rp, code)).body.error).toBe('invalid_grant')
})

test('I-013 I-016 it cannot be widened, and is narrowed like any other', async () => {
  const { code, id } = await held()
  await expect(op.provider.deferrals.approve(id, { scope: 'email payments openid' })).rejects.toThrow(RangeError)
  await op.provider.deferrals.approve(id, { scope: 'email' })
  expect((await pollDeferral(rp, code)).body.scope).toBe('email')
})
