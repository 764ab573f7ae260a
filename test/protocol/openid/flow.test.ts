import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider()
})

afterAll(() => op.close())

test.each(['secret', 'assertion', 'public'])(
  '%s client: request, exchange, poll, approve, tokens',
  async (clientId) => {
    const rp = relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)
    const { params } = await userAgent().visit(
      rp.authorizationUrl({ nonce: 'n', scope: 'openid email offline_access', prompt: 'consent' }),
    )
    expect(params).toMatchObject({ deferred_code: expect.any(String), state: 'a state', iss: op.issuer })

    const exchanged = await rp.exchange(params.deferred_code!)
    expect(exchanged).toMatchObject({
      status: 200,
      body: { deferred_auth_id: expect.any(String), expires_in: 86400, interval: 5 },
    })
    const id = exchanged.body.deferred_auth_id

    expect(await rp.poll(id)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    const { deferrals } = await op.provider.deferrals.list({ clientId })
    await op.provider.deferrals.approve(deferrals[0]!.id, { by: 'reviewer' })

    const tokens = await rp.poll(id)
    expect(tokens).toMatchObject({
      status: 200,
      body: { access_token: expect.any(String), id_token: expect.any(String), refresh_token: expect.any(String) },
    })
    expect(decodeJwt(tokens.body.id_token)).toMatchObject({ nonce: 'n', sub: 'alice', aud: clientId })
    expect(await rp.poll(id)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  },
)
