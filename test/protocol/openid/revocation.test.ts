import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider()
})

afterAll(() => op.close())

async function pending(rp: RelyingParty) {
  const { handle, id } = await waiting(op, rp)
  return { handle, id, status: async () => (await op.provider.deferrals.get(id))?.status }
}

const revoke = (rp: RelyingParty, token: string, params = {}, extras = {}) =>
  rp.post('/token/revocation', { token, ...params }, extras)

describe.each(['secret', 'assertion', 'public'])('C-O01 a %s client at the revocation endpoint', (clientId) => {
  test('cancels its own deferral, and again without an effect', async () => {
    const rp = relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)
    const { handle, status } = await pending(rp)
    expect(await revoke(rp, handle)).toMatchObject({ status: 200 })
    expect(await status()).toBe('cancelled')
    expect(await revoke(rp, handle)).toMatchObject({ status: 200 })
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })

  test('changes nothing of another client, with the same answer', async () => {
    const rp = relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)
    const { handle, status } = await pending(rp)
    const other = relyingParty(op.issuer, 'other')
    const foreign = await revoke(other, handle)
    const unknown = await revoke(other, 'A'.repeat(65))
    expect([foreign.status, foreign.body]).toEqual([200, unknown.body])
    expect(await status()).toBe('pending')
  })
})

test('C-I05 without the key, or with another, it is 200 and nothing changes; with a malformed proof invalid_dpop_proof', async () => {
  const rp = relyingParty(op.issuer, 'public', await dpopKey())
  const { handle, status } = await pending(rp)
  expect(await revoke(rp, handle, {}, { dpop: undefined })).toMatchObject({ status: 200 })
  expect(await revoke(rp, handle, {}, { dpop: await dpopKey() })).toMatchObject({ status: 200 })
  expect(await revoke(rp, handle, {}, { dpop: undefined, headers: { dpop: 'broken' } })).toMatchObject({
    status: 400,
    body: { error: 'invalid_dpop_proof' },
  })
  expect(await status()).toBe('pending')
  expect(await revoke(rp, handle)).toMatchObject({ status: 200 })
  expect(await status()).toBe('cancelled')
})

test.each(['access_token', 'refresh_token', 'something_else'])(
  'finds it under token_type_hint %s too',
  async (hint) => {
    const rp = relyingParty(op.issuer)
    const { handle, status } = await pending(rp)
    expect(await revoke(rp, handle, { token_type_hint: hint })).toMatchObject({ status: 200 })
    expect(await status()).toBe('cancelled')
  },
)

test("leaves the host's own revocations as they are", async () => {
  const rp = relyingParty(op.issuer)
  const { handle, id, status } = await pending(rp)
  await op.provider.deferrals.approve(id)
  const { body } = await rp.poll(handle)
  const active = async () => (await rp.post('/token/introspection', { token: body.access_token })).body.active
  expect(await active()).toBe(true)
  expect(await revoke(rp, handle)).toMatchObject({ status: 200 })
  expect([await status(), await active()]).toEqual(['redeemed', true])
  expect(await revoke(rp, body.access_token)).toMatchObject({ status: 200 })
  expect(await active()).toBe(false)
})
