import type { CappedRequest } from 'oidc-provider-deferred'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { newDeferral } from '../store/new_deferral.js'
import { added, authorize } from '../support/authorization.js'
import { authorizationCode, held, redeem, request } from '../support/deferral.js'
import { deferred } from '../support/journey.js'
import { foreignErrors, observedAdapter, observedStore } from '../support/observed.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { verbsOn } from '../support/records.js'
import { relyingParty } from '../support/relying_party.js'

const ofEndUser = 'too many requests of this end-user wait already'
const ofClient = 'too many requests of this client wait already'
const profiles = ['openid', 'oauth'] as const
type Profile = (typeof profiles)[number]

let observed: ReturnType<typeof observedStore>
let host: ReturnType<typeof observedAdapter>
let op: TestProvider
let capped: CappedRequest[]

async function start(maxPending: { perAccount?: number; perClient?: number }): Promise<void> {
  observed = observedStore()
  host = observedAdapter()
  op = await startProvider({
    configuration: { adapter: host.adapter },
    deferred: { store: observed.store, maxPending, defer: (_ctx, { canWait }) => canWait },
  })
  capped = []
  op.provider.on('deferral.capped', (refused) => capped.push(refused))
}

afterEach(() => op.close())

/** The answer to a request of this profile that has to wait. */
async function ask(profile: Profile, { clientId = 'secret', accountId = 'alice' } = {}) {
  op.user.interaction = { accountId }
  const rp = relyingParty(op.issuer, clientId)
  if (profile === 'openid') {
    const { params, status } = await authorize(op, rp, {}, { interaction: { accountId } })
    return { status, body: params }
  }
  const { status, body } = (await request(rp, 'authorization_code')).answer
  return { status, body }
}

/** The id of a request of `alice` at `secret` that waits. */
async function begin(profile: Profile): Promise<string> {
  op.user.interaction = { accountId: 'alice' }
  const rp = relyingParty(op.issuer)
  return (await (profile === 'openid' ? deferred(op, rp) : held(op, rp, 'authorization_code'))).id
}

const refused = (description: string) => ({ body: { error: 'access_denied', error_description: description } })
const waits = { openid: { body: { deferred_code: expect.any(String) } }, oauth: { body: { interval: 5 } } }

describe.each(profiles)('%s profile, at most two of an end-user', (profile) => {
  beforeEach(() => start({ perAccount: 2 }))

  test('the third one is refused, nothing is stored, and the provider says so', async () => {
    await begin(profile)
    await begin('openid')
    const outcome = await added(op, () => ask(profile))
    expect(outcome.result).toMatchObject(refused(ofEndUser))
    expect(outcome.new).toEqual([])
    expect(capped).toEqual([{ clientId: 'secret', accountId: 'alice', limit: 2, cap: 'perAccount' }])
  })

  test('whatever the client, and no other end-user', async () => {
    await begin(profile)
    await begin(profile)
    expect(await ask(profile, { clientId: 'other' })).toMatchObject(refused(ofEndUser))
    expect(await ask(profile, { accountId: 'bob' })).toMatchObject(waits[profile])
  })

  test.each([
    ['a denial', (id: string) => op.provider.deferrals.deny(id)],
    ['an approval', (id: string) => op.provider.deferrals.approve(id)],
    ['a cancellation', (id: string) => op.provider.deferrals.cancel(id)],
    ['the expiry', async () => op.clock.advance(86_400)],
  ])('%s makes room for the next one', async (_name, end) => {
    await begin(profile)
    const id = await begin(profile)
    expect(await ask(profile)).toMatchObject(refused(ofEndUser))
    await end(id)
    expect(await ask(profile)).toMatchObject(waits[profile])
  })

  test('a listener that throws changes nothing', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    op.provider.on('deferral.capped', () => {
      throw new Error('the pager is down')
    })
    await begin(profile)
    await begin(profile)
    expect(await ask(profile)).toMatchObject(refused(ofEndUser))
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('the pager is down'))
    warned.mockRestore()
  })

  test.each(Object.keys(foreignErrors))(
    'if the store fails with %s at the count, it is a server error',
    async (kind) => {
      observed.failNext('count', 'before', foreignErrors[kind]?.('down'))
      const outcome = await added(op, () => ask(profile))
      expect(outcome.result.status).toBe(500)
      expect(outcome.result.body.error ?? 'server_error').toBe('server_error')
      expect(outcome.new).toEqual([])
      expect(capped).toEqual([])
      expect(await ask(profile)).toMatchObject(waits[profile])
    },
  )
})

describe.each(profiles)('%s profile, at most one of a client', (profile) => {
  beforeEach(() => start({ perClient: 1 }))

  test('the second one is refused, whoever the end-user is, and no other client', async () => {
    await begin(profile)
    const outcome = await added(op, () => ask(profile, { accountId: 'bob' }))
    expect(outcome.result).toMatchObject(refused(ofClient))
    expect(outcome.new).toEqual([])
    expect(capped).toEqual([{ clientId: 'secret', accountId: 'bob', limit: 1, cap: 'perClient' }])
    expect(await ask(profile, { clientId: 'other' })).toMatchObject(waits[profile])
  })
})

test('an end-user whose requests are refused keeps no other end-user of the client waiting', async () => {
  await start({ perAccount: 1, perClient: 100 })
  await begin('oauth')
  const codes = [await authorizationCode(relyingParty(op.issuer))]
  op.user.interaction = { accountId: 'bob' }
  codes.push(await authorizationCode(relyingParty(op.issuer)))
  let release = () => {}
  const isCounted = new Promise<void>((counted) => {
    observed.interrupt('count', () => {
      counted()
      return new Promise<void>((resolve) => {
        release = resolve
      })
    })
  })
  const [ofAlice, ofBob] = codes.map(
    (code) => async () => redeem(relyingParty(op.issuer), code, { completion_mode: 'deferred' }),
  ) as [() => ReturnType<typeof redeem>, () => ReturnType<typeof redeem>]
  let isRefused = false
  const refusal = ofAlice().finally(() => {
    isRefused = true
  })
  await isCounted
  // ends the wait if there is one
  const patience = setTimeout(() => release(), 2000)
  expect(await ofBob()).toMatchObject(waits.oauth)
  clearTimeout(patience)
  expect(isRefused).toBe(false)
  release()
  expect(await refusal).toMatchObject(refused(ofEndUser))
})

test('a request without an end-user counts for its client only', async () => {
  await start({ perAccount: 1, perClient: 2 })
  const rp = relyingParty(op.issuer)
  await held(op, rp, 'client_credentials')
  await held(op, rp, 'client_credentials')
  const { answer } = await request(rp, 'client_credentials')
  expect(answer).toMatchObject({ status: 400, ...refused(ofClient) })
  expect(capped).toEqual([{ clientId: 'secret', limit: 2, cap: 'perClient' }])
})

test('with neither an end-user nor a cap for clients nothing is counted', async () => {
  await start({ perAccount: 1 })
  observed.calls.length = 0
  for (let n = 0; n < 3; n++) await held(op, relyingParty(op.issuer), 'client_credentials')
  expect(observed.calls).toEqual(['insert', 'insert', 'insert'])
})

test('50 of an end-user wait unless the option says otherwise', async () => {
  await start({})
  for (let n = 0; n < 50; n++) await plant(op.issuer)
  expect(await ask('oauth')).toMatchObject(refused(ofEndUser))
  expect(capped).toMatchObject([{ limit: 50 }])
})

test('an error redirect of the openid profile has state and issuer, and the Grant is not extended', async () => {
  await start({ perAccount: 1 })
  await begin('openid')
  host.calls.length = 0
  observed.calls.length = 0
  const { body } = await ask('openid')
  expect(body).toEqual({
    error: 'access_denied',
    error_description: ofEndUser,
    state: 'a state',
    iss: op.issuer,
  })
  expect(observed.calls).toEqual(['count'])
  // the one of the consent
  expect(host.calls.filter((call) => call === 'Grant.upsert')).toHaveLength(1)
})

test('a client that would take a code gets none', async () => {
  await start({ perAccount: 1 })
  await begin('openid')
  const { params } = await authorize(op, relyingParty(op.issuer), { response_type: 'deferred_code code' })
  expect(params).toMatchObject(refused(ofEndUser).body)
  expect(params).not.toHaveProperty('code')
})

test('oauth profile: the code of a refused request is used up', async () => {
  await start({ perAccount: 1 })
  const id = await begin('oauth')
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  const opted = { completion_mode: 'deferred' }
  expect(await redeem(rp, code, opted)).toMatchObject({ status: 400, ...refused(ofEndUser) })
  await op.provider.deferrals.deny(id)
  expect(await redeem(rp, code, opted)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('the deferrals of another provider in the same store do not count', async () => {
  await start({ perAccount: 1 })
  await plant('https://other.example')
  expect(await ask('oauth')).toMatchObject(waits.oauth)
  expect(await ask('oauth')).toMatchObject(refused(ofEndUser))
})

/** A request of `alice` at `secret` that waits at the provider with this issuer. */
async function plant(issuer: string): Promise<void> {
  const members = { clientId: 'secret', accountId: 'alice', expiresIn: 600 }
  await verbsOn(observed.store, issuer).create(newDeferral(members), op.clock.now())
}
