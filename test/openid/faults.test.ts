import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { errors } from 'oidc-provider'
import { approved, deferred, waiting } from '../support/journey.js'
import { observedStore } from '../support/observed.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

let op: TestProvider
const { store, failNext, calls } = observedStore()

beforeAll(async () => {
  op = await startProvider({ deferred: { store } })
})

afterAll(() => op.close())

const serverError = { status: 500, body: { error: 'server_error' } }

/** Errors a driver or an integrator may throw; some carry what the host takes for its own kind. */
const kinds: Record<string, () => unknown> = {
  'a plain error': () => new Error('down'),
  'an error that looks like a 400 of the integrator': () =>
    Object.assign(new Error('down'), { status: 400, statusCode: 400, expose: true }),
  'an OAuth error': () => new errors.AccessDenied('down'),
  'something that is no error': () => 'down',
}

describe.each(Object.keys(kinds))('the store fails with %s', (kind) => {
  const error = () => kinds[kind]?.()

  test.each(['find', 'exchange'])('at %s of an exchange: server_error, the code is still usable', async (verb) => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    failNext(verb, 'before', error())
    expect(await rp.exchange(code)).toMatchObject(serverError)
    expect((await rp.exchange(code)).status).toBe(200)
  })

  test('at find of a poll: server_error, the next poll is answered', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    failNext('find', 'before', error())
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
  })

  test.each(['find', 'claim'])('at %s of a redemption: server_error, redeemable at once', async (verb) => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    failNext(verb, 'before', error())
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect((await rp.poll(handle)).status).toBe(200)
  })

  test('at finalise, twice: server_error, redeemable after the lease, nothing minted is disclosed', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    failNext('finalise', 'before', error())
    failNext('finalise', 'before', error())
    const { status, body } = await rp.poll(handle)
    expect({ status, body }).toMatchObject(serverError)
    expect(body).not.toHaveProperty('access_token')
    expect((await rp.poll(handle)).body.error).not.toBe('access_denied')
    op.clock.advance(16)
    expect((await rp.poll(handle)).status).toBe(200)
  })

  test.each(['find', 'cancel'])('at %s of a cancellation: server_error, nothing is cancelled', async (verb) => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    failNext(verb, 'before', error())
    expect(await rp.cancel(handle)).toMatchObject(serverError)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
    expect((await rp.cancel(handle)).status).toBe(200)
  })
})

describe('a reply of the store is lost', () => {
  test('I2 at finalise once: the retry finds it done, the tokens are disclosed, once', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    failNext('finalise', 'after')
    expect((await rp.poll(handle)).status).toBe(200)
    expect(calls.slice(-2)).toEqual(['finalise', 'finalise'])
    expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
  })

  test('at finalise, both times: server_error, and the one token set stays undisclosed', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await approved(op, rp)
    failNext('finalise', 'after')
    failNext('finalise', 'after')
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'redeemed' })
    expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
  })

  test('at claim: server_error, redeemable after the lease', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    failNext('claim', 'after')
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
    op.clock.advance(16)
    expect((await rp.poll(handle)).status).toBe(200)
  })

  test('at cancel: server_error, a repeated cancellation is 200', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    failNext('cancel', 'after')
    expect(await rp.cancel(handle)).toMatchObject(serverError)
    expect(await rp.cancel(handle)).toMatchObject({ status: 200 })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })
})
