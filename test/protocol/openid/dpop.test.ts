import { describe, expect, test } from 'vitest'
import { boundClient, clients } from '../../support/clients.js'
import { approved, atDoor, clientTypes, deferred, doors, successAt, waiting } from '../../support/journey.js'
import { observedStore } from '../../support/observed.js'
import { dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'

const [key, another] = [await dpopKey(), await dpopKey()]
const { store, calls } = observedStore()
const configuration = {
  clients: [...clients, boundClient],
  features: { pushedAuthorizationRequests: { enabled: true } },
}
const op = useProvider({ deferred: { store }, configuration })

const refused = { status: 400, body: { error: 'invalid_dpop_proof' } }
const none = { dpop: undefined }
const untouched = async (id: string) => expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
const active = async (token: string) =>
  (await relyingParty(op.issuer).post('/token/introspection', { token })).body as Record<string, unknown>

describe.each(clientTypes)('%s client', (clientId) => {
  const party = () => relyingParty(op.issuer, clientId, key)

  test('O-082 O-084 O-085 O-086 O-087 C53 the same key at exchange, poll and redemption: tokens of type DPoP with its thumbprint', async () => {
    const rp = party()
    const { handle, id } = await waiting(op, rp)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
    await op.provider.deferrals.approve(id)
    const { status, body } = await rp.poll(handle)
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'DPoP' })
    expect(await active(body.access_token)).toMatchObject({ active: true, cnf: { jkt: key.jkt }, token_type: 'DPoP' })
  })

  test.each(['poll', 'cancel'] as const)(
    'O-075 O-086 O-087 O-088 O-106 C54 C55 E-11 E-12 at %s no proof, or one by another key, is refused and changes nothing',
    async (door) => {
      const rp = party()
      const { id, present } = await atDoor(op, rp, door)
      for (const dpop of [undefined, another]) {
        expect(await present({}, { dpop })).toMatchObject(refused)
        await untouched(id)
      }
      expect(await present()).toMatchObject(successAt[door])
    },
  )

  test('C54 C55 an approved deferral is not redeemed without the key, and is with it', async () => {
    const rp = party()
    const { handle } = await approved(op, rp)
    for (const dpop of [undefined, another]) expect(await rp.poll(handle, {}, { dpop })).toMatchObject(refused)
    expect((await rp.poll(handle)).body.token_type).toBe('DPoP')
  })

  test.each(['exchange', 'poll', 'cancel'] as const)('C57 at %s the key must be the one of dpop_jkt', async (door) => {
    const rp = party()
    const { present } = await atDoor(op, rp, door, { request: { dpop_jkt: key.jkt } })
    for (const dpop of [undefined, another]) expect(await present({}, { dpop })).toMatchObject(refused)
    expect(await present()).toMatchObject(successAt[door])
  })

  test('C57 and the one whose proof came with the pushed request', async () => {
    const rp = party()
    const params = Object.fromEntries(new URL(rp.authorizationUrl()).searchParams)
    const { body } = await rp.post('/request', params)
    const url = `${op.issuer}/auth?client_id=${clientId}&request_uri=${encodeURIComponent(body.request_uri)}`
    const { code } = await deferred(op, { ...rp, authorizationUrl: () => url })
    for (const dpop of [undefined, another]) expect(await rp.exchange(code, {}, { dpop })).toMatchObject(refused)
    expect((await rp.exchange(code)).status).toBe(200)
  })
})

describe.each(['secret', 'assertion'])('C56 %s client that showed no proof at the exchange', (clientId) => {
  const later = async (rp: RelyingParty) => waiting(op, rp, { extras: none })

  test('a proof at the redemption binds the tokens to its key', async () => {
    const rp = relyingParty(op.issuer, clientId)
    const { handle, id } = await later(rp)
    expect((await rp.poll(handle, {}, { dpop: key })).body.error).toBe('authorization_pending')
    await op.provider.deferrals.approve(id)
    const { body } = await rp.poll(handle, {}, { dpop: another })
    expect(body.token_type).toBe('DPoP')
    expect(await active(body.access_token)).toMatchObject({ cnf: { jkt: another.jkt } })
  })

  test('none at the redemption either gives Bearer tokens', async () => {
    const rp = relyingParty(op.issuer, clientId)
    const { handle, id } = await later(rp)
    await rp.poll(handle, {}, { dpop: key })
    await op.provider.deferrals.approve(id)
    expect((await rp.poll(handle)).body.token_type).toBe('Bearer')
  })
})

describe('O-119 E-18 refresh tokens are bound exactly as the host binds them', () => {
  const request = { scope: 'openid offline_access', prompt: 'consent' }

  test.each([
    ['public', 400],
    ['secret', 200],
  ])('%s client with another key: %d', async (clientId, status) => {
    const rp = relyingParty(op.issuer, clientId, key)
    const { handle } = await approved(op, rp, { request })
    const { refresh_token } = (await rp.poll(handle)).body
    const params = { grant_type: 'refresh_token', refresh_token }
    expect((await rp.token(params, { dpop: another })).status).toBe(status)
  })
})

describe('C63 a client that must bind its tokens', () => {
  test.each(doors)('is refused without a proof at %s, and nothing is consumed', async (door) => {
    const rp = relyingParty(op.issuer, 'bound', key)
    const client = { client_secret: 'bound' }
    const { id, present } = await atDoor(op, rp, door, { params: client })
    expect(await present(client, none)).toMatchObject(refused)
    await untouched(id)
    expect(await present(client)).toMatchObject(successAt[door])
  })
})

describe('E-16 E-20 an attacker with the secret and the handle but not the key', () => {
  test('neither learns the state nor uses up the polls of the rightful client', async () => {
    const rp = relyingParty(op.issuer, 'secret', key)
    const { handle, id } = await waiting(op, rp)
    const thief = relyingParty(op.issuer, 'secret', another)
    const answers = [await thief.poll(handle)]
    await op.provider.deferrals.approve(id)
    answers.push(await thief.poll(handle))
    expect(answers.map(({ body }) => body)).toEqual([answers[0]!.body, answers[0]!.body])
    expect((await rp.poll(handle)).status).toBe(200)
  })
})

describe('E-19 foreign and unknown handles are alike', () => {
  test.each(doors)('with any proof or none at %s', async (door) => {
    const foreign = await atDoor(op, relyingParty(op.issuer, 'public', key), door)
    const rp = relyingParty(op.issuer)
    const name = door === 'exchange' ? 'deferred_code' : 'deferred_auth_id'
    for (const dpop of [undefined, key, another]) {
      const known = await foreign.present({}, { dpop }, rp)
      const unknown = await foreign.present({ [name]: 'x'.repeat(65) }, { dpop }, rp)
      const seen = ({ status, headers, body }: typeof known) => {
        const { date, ...rest } = Object.fromEntries(headers)
        return JSON.stringify([status, rest, body])
      }
      expect(seen(known)).toBe(seen(unknown))
      expect(known).toMatchObject(
        door === 'cancel' ? { status: 200 } : { status: 400, body: { error: 'invalid_grant' } },
      )
    }
    await untouched(foreign.id)
  })
})

test.each(doors)('a malformed proof is refused at %s before the handle is looked at', async (door) => {
  const { present } = await atDoor(op, relyingParty(op.issuer), door)
  calls.length = 0
  expect(await present({}, { headers: { dpop: 'malformed' } })).toMatchObject(refused)
  expect(calls).toEqual([])
})
