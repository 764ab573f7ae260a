import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { added, deferrals } from '../../support/authorization.js'
import { authorizationCode, grants, pollDeferral, redeem, request } from '../../support/deferral.js'
import { foreignErrors, observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const { store, failNext, interrupt, calls } = observedStore()
const host = observedAdapter()

beforeAll(async () => {
  op = await startProvider({
    configuration: { adapter: host.adapter },
    deferred: { store, defer: () => true },
  })
})
afterAll(() => op.close())

const opted = { completion_mode: 'deferred' }
const serverError = { status: 500, body: { error: 'server_error' } }

describe.each(grants)('%s', (grant) => {
  test.each(Object.keys(foreignErrors))(
    'I-037 the store fails at insert with %s: server_error, and no token',
    async (kind) => {
      failNext('insert', 'before', foreignErrors[kind]?.('db.internal is down'))
      const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
      expect(result.answer).toMatchObject(serverError)
      expect(JSON.stringify(result.answer.body)).not.toMatch(/db\.internal|deferral_code|access_token/)
      expect(result.answer.headers.get('content-type')).toMatch(/^application\/json\b/)
      expect(outcome.new).toEqual([])
    },
  )

  test('I-035 I-038 a lost reply of insert is no fault: the client gets the code of the deferral that is there', async () => {
    failNext('insert', 'after')
    const rp = relyingParty(op.issuer)
    const { result, ...outcome } = await added(op, () => request(rp, grant))
    expect(result.answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    expect(outcome.new).toMatchObject([{ status: 'pending' }])
    await op.provider.deferrals.approve(outcome.new[0]!.id)
    expect(await pollDeferral(rp, result.answer.body.deferral_code)).toMatchObject({ status: 200 })
  })

  test('a lost reply that cannot be looked up either: server_error, and what is there expires by itself', async () => {
    failNext('insert', 'after')
    failNext('find in doubt')
    const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
    expect(result.answer).toMatchObject(serverError)
    expect(outcome.new).toMatchObject([{ status: 'pending' }])
  })

  test('without a fault insert is the one call, after a count if there is an end-user', async () => {
    calls.length = 0
    await request(relyingParty(op.issuer), grant)
    expect(calls).toEqual(grant === 'client_credentials' ? ['insert'] : ['count', 'insert'])
  })
})

test('C-I17 C-I18 a code whose deferral could not be stored is used up: its second use ends the Grant', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  failNext('insert', 'before')
  expect(await redeem(rp, code, opted)).toMatchObject(serverError)
  expect(await redeem(rp, code, opted)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('C-I18 a client that lost the first answer may end what it led to by using the code again', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  failNext('insert', 'after')
  failNext('find in doubt')
  const { new: there } = await added(op, () => redeem(rp, code, opted))
  expect((await redeem(rp, code, opted)).body.error).toBe('invalid_grant')
  expect(await op.provider.deferrals.get(there[0]!.id)).toMatchObject({ status: 'cancelled' })
})

test('C-I18 client credentials that lost the first answer start over', async () => {
  const rp = relyingParty(op.issuer)
  failNext('insert', 'after')
  failNext('find in doubt')
  await request(rp, 'client_credentials')
  const { answer } = await request(rp, 'client_credentials')
  expect(answer.body).toHaveProperty('deferral_code')
})

test('C-I17 a replay that overtakes the write of the deferral: tokens never come of it', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  interrupt('insert', () => redeem(rp, code, opted))
  const { result, ...outcome } = await added(op, () => redeem(rp, code, opted))
  for (const { id } of outcome.new) await op.provider.deferrals.approve(id)
  if (result.body.deferral_code) {
    expect((await pollDeferral(rp, result.body.deferral_code)).body.error).toBe('access_denied')
  } else expect(result.body.error).toBe('invalid_grant')
})

test("I-037 the host's storage fails at consume: server_error, nothing deferred, and the code is still usable", async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  host.failNext('AuthorizationCode.consume')
  const { result, ...outcome } = await added(op, () => redeem(rp, code, opted))
  expect(result).toMatchObject(serverError)
  expect(outcome.new).toEqual([])
  expect((await redeem(rp, code, opted)).body).toHaveProperty('deferral_code')
})

test('a replay while the store is down is server_error, and ends the deferral when it is repeated', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  const { new: there } = await added(op, () => redeem(rp, code, opted))
  // for the replay, and for the listener of grant.revoked
  for (let n = 0; n < 4; n++) failNext('swap cancelled')
  expect(await redeem(rp, code, opted)).toMatchObject(serverError)
  // the host has revoked the Grant by then, no token can come of it
  await op.provider.deferrals.approve(there[0]!.id)
  expect((await redeem(rp, code, opted)).body.error).toBe('invalid_grant')
  expect((await deferrals(op)).find(({ id }) => id === there[0]!.id)?.status).not.toBe('redeemed')
})
