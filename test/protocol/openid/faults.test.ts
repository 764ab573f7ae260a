import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, deferred, waiting } from '../../support/journey.js'
import { foreignErrors, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, failNext } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store } })
})

afterAll(() => op.close())

const serverError = { status: 500, body: { error: 'server_error' } }

describe.each(Object.keys(foreignErrors))('the store fails with %s', (kind) => {
  const error = () => foreignErrors[kind]?.('down')

  test.each([[['find']], [['swap exchanged', 'swap exchanged']]])(
    'at %j of an exchange: server_error, the code is still usable',
    async (calls) => {
      const rp = relyingParty(op.issuer)
      const { code } = await deferred(op, rp)
      for (const call of calls) failNext(call, 'before', error())
      expect(await rp.exchange(code)).toMatchObject(serverError)
      expect((await rp.exchange(code)).status).toBe(200)
    },
  )

  test('at find of a poll: server_error, the next poll is answered', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    failNext('find', 'before', error())
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
  })

  test.each([[['find']], [['swap redeemed', 'swap redeemed']], [['swap redeemed', 'find in doubt']]])(
    'at %j of a redemption: server_error, nothing minted is disclosed, redeemable at once',
    async (calls) => {
      const rp = relyingParty(op.issuer)
      const { handle } = await approved(op, rp)
      for (const call of calls) failNext(call, 'before', error())
      const { status, body } = await rp.poll(handle)
      expect({ status, body }).toMatchObject(serverError)
      expect(body).not.toHaveProperty('access_token')
      expect((await rp.poll(handle)).status).toBe(200)
    },
  )

  test.each([[['find']], [['swap cancelled', 'swap cancelled']]])(
    'at %j of a cancellation: server_error, nothing is cancelled',
    async (calls) => {
      const rp = relyingParty(op.issuer)
      const { handle, id } = await waiting(op, rp)
      for (const call of calls) failNext(call, 'before', error())
      expect(await rp.cancel(handle)).toMatchObject(serverError)
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
      expect((await rp.cancel(handle)).status).toBe(200)
    },
  )
})

describe.each(['before', 'after'] as const)('a reply of the store is lost, %s the write', (when) => {
  test('I2 at a redemption: the tokens are disclosed, once', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    failNext('swap redeemed', when)
    expect((await rp.poll(handle)).status).toBe(200)
    expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
  })

  test('at an exchange: the client gets its handle, and it is not taken for a second use', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await deferred(op, rp)
    failNext('swap exchanged', when)
    const { status, body } = await rp.exchange(code)
    expect(status).toBe(200)
    expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('authorization_pending')
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
  })

  test('at a cancellation: 200, and it is cancelled', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    failNext('swap cancelled', when)
    expect(await rp.cancel(handle)).toMatchObject({ status: 200 })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })
})

test('a lost reply of a redemption that cannot be looked up: server_error, and the one token set stays undisclosed', async () => {
  const rp = relyingParty(op.issuer)
  const { handle, id } = await approved(op, rp)
  failNext('swap redeemed', 'after')
  failNext('find in doubt')
  expect(await rp.poll(handle)).toMatchObject(serverError)
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'redeemed' })
  expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
})
