import { Provider as Host } from 'oidc-provider'
import { type DeferralRecord, memoryStore } from 'oidc-provider-deferred'
import { createDeferral } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verified } from '../support/authorization.js'
import { grants, held, pollDeferral, whoeverCan } from '../support/deferral.js'
import { waiting } from '../support/journey.js'
import { startProvider, type TestProvider, withProvider } from '../support/provider.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'

describe('createDeferral', () => {
  const store = memoryStore()
  let op: TestProvider
  let rp: RelyingParty

  beforeAll(async () => {
    op = await startProvider({ deferred: { store, defer: whoeverCan } })
    rp = relyingParty(op.issuer)
  })
  afterAll(() => op.close())

  const sourceOf = async (id: string) => ((await store.find(id, op.clock.now())) as DeferralRecord).source

  test.each([
    [{ profile: 'saml' }, /profile must be/],
    [{ interval: -1 }, /interval and expiresIn must be/],
    [{ expiresIn: 'x' }, /interval and expiresIn must be/],
    [{ scope: 'openid' }, /scope must be/],
    [{ queue: 'KYC' }, /^createDeferral: queue must be/],
    [{ title: 'two\nlines' }, /^createDeferral: title must be/],
    [{ dueIn: 0 }, /^createDeferral: dueIn must be/],
    [{ quorum: 11 }, /^createDeferral: quorum must be/],
    [{ expireIn: 60 }, /^createDeferral: expireIn is not an option, use one of clientId, /],
  ])('a wrong member is a TypeError: %j', async (member, message) => {
    const created = createDeferral(op.provider, { clientId: 'secret', ...(member as object) })
    await expect(created).rejects.toThrow(TypeError)
    await expect(created).rejects.toThrow(message)
  })

  test('a client polls with the handle, and gets tokens for the account: openid profile', async () => {
    const { id, handle, deferral } = await createDeferral(op.provider, {
      clientId: 'secret',
      profile: 'openid',
      accountId: 'alice',
      scope: ['openid', 'email'],
      nonce: 'a nonce',
      context: { note: 'from the test' },
    })
    expect(deferral).toMatchObject({
      id,
      profile: 'openid',
      status: 'pending',
      clientId: 'secret',
      accountId: 'alice',
      scope: ['openid', 'email'],
      context: { note: 'from the test' },
    })
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    await op.provider.deferrals.approve(id)
    op.clock.advance(5)
    const { status, body } = await rp.poll(handle)
    expect([status, body.scope]).toEqual([200, 'openid email'])
    expect(await verified(op, body.id_token, 'secret')).toMatchObject({ sub: 'alice', nonce: 'a nonce' })
  })

  test('and in the oauth profile, with and without an account', async () => {
    for (const accountId of ['alice', undefined]) {
      const { id, handle } = await createDeferral(op.provider, {
        clientId: 'secret',
        ...(accountId !== undefined && { accountId, scope: ['openid', 'payments'] }),
        ...(accountId === undefined && { scope: ['payments'] }),
      })
      await op.provider.deferrals.approve(id)
      const { status, body } = await pollDeferral(rp, handle)
      expect([status, Boolean(body.id_token)]).toEqual([200, accountId !== undefined])
    }
  })

  test('it has a queue, a title, a due time and a quorum, as defer may say', async () => {
    const review = { queue: 'kyc', title: 'Passport of Alice', quorum: 2 }
    const { id, deferral } = await createDeferral(op.provider, { clientId: 'secret', ...review, dueIn: 60 })
    const dueAt = new Date(deferral.createdAt.getTime() + 60_000)
    expect(deferral).toMatchObject({ ...review, dueAt, overdue: false })
    op.clock.advance(60)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ ...review, dueAt, overdue: true })
    expect(await op.provider.deferrals.approve(id, { by: 'robin' })).toMatchObject({ deferral: { status: 'pending' } })
    expect(await op.provider.deferrals.approve(id, { by: 'kim' })).toMatchObject({ deferral: { status: 'approved' } })
  })

  test('the account is the default one in the openid profile, the scope openid', async () => {
    const { deferral } = await createDeferral(op.provider, { clientId: 'secret', profile: 'openid' })
    expect(deferral).toMatchObject({ accountId: 'user', scope: ['openid'] })
  })

  test('expiry, interval and interaction are those given', async () => {
    const uri = 'https://op.example/confirm'
    const { id, handle, deferral } = await createDeferral(op.provider, {
      clientId: 'secret',
      expiresIn: 60,
      interval: 7,
      interaction: { uri },
    })
    expect(deferral.expiresAt.getTime()).toBe(op.clock.now().getTime() + 60_000)
    const { body, headers } = await pollDeferral(rp, handle)
    expect([body.error, body.interaction_uri, headers.get('retry-after')]).toEqual(['interaction_required', uri, '7'])
    op.clock.advance(60)
    expect((await op.provider.deferrals.approve(id)).changed).toBe(false)
    expect((await pollDeferral(rp, handle)).body.error).toBe('expired_token')
  })

  test('its handle is of one kind, and of one client', async () => {
    const { handle } = await createDeferral(op.provider, { clientId: 'secret' })
    expect((await rp.poll(handle)).body.error).toBe('invalid_grant')
    expect((await pollDeferral(relyingParty(op.issuer, 'other'), handle)).body.error).toBe('invalid_grant')
  })

  test('listeners hear of it', async () => {
    const heard: string[] = []
    op.provider.once('deferral.created', ({ id }) => heard.push(id))
    const { id } = await createDeferral(op.provider, { clientId: 'secret' })
    expect(heard).toEqual([id])
  })

  test.each(grants)('what it is minted from has the members that a request would have left: %s', async (grant) => {
    const accountId = grant === 'authorization_code' ? { accountId: 'alice', scope: ['openid'] } : {}
    const real = await sourceOf((await held(op, rp, grant)).id)
    const made = await sourceOf((await createDeferral(op.provider, { clientId: 'secret', ...accountId })).id)
    // those of a browser's session
    delete real.sessionUid
    delete real.expiresWithSession
    expect(Object.keys(made).sort()).toEqual(Object.keys(real).sort())
  })

  test('and in the openid profile', async () => {
    const real = await sourceOf((await waiting(op, rp)).id)
    const made = await sourceOf((await createDeferral(op.provider, { clientId: 'secret', profile: 'openid' })).id)
    delete real.sessionUid
    expect(Object.keys(made).sort()).toEqual(Object.keys(real).sort())
  })

  test('resources and details are the request’s, and can be narrowed', async () => {
    const details = [
      { type: 'payment', amount: 1 },
      { type: 'payment', amount: 2 },
    ]
    const resource = ['https://api.example', 'https://other.example']
    const request = { clientId: 'secret', accountId: 'alice', resource, authorizationDetails: details }
    const { id, deferral } = await createDeferral(op.provider, request)
    expect(deferral).toMatchObject({ resource, authorizationDetails: details })
    const { deferral: approved } = await op.provider.deferrals.approve(id, { resource: [resource[0] as string] })
    expect(approved.decision?.resource).toEqual([resource[0]])
    await expect(op.provider.deferrals.approve(id, { scope: ['more'] })).rejects.toThrow(RangeError)
  })

  test('an unknown client, and a provider without the plugin, are TypeErrors', async () => {
    await expect(createDeferral(op.provider, { clientId: 'nobody' })).rejects.toThrow(
      new TypeError('createDeferral: the provider has no client nobody'),
    )
    await expect(createDeferral(new Host('https://op.example'), { clientId: 'nobody' })).rejects.toThrow(TypeError)
  })
})

test('a deferral of a provider whose client has a resource gets a token for it', async () => {
  const server = { scope: 'payments', audience: 'https://api.example', accessTokenFormat: 'jwt' } as const
  const resourceIndicators = {
    enabled: true,
    getResourceServerInfo: () => ({ ...server, jwt: { sign: { alg: 'ES256' as const } } }),
  }
  await withProvider({ configuration: { features: { resourceIndicators } } }, async (op) => {
    for (const accountId of ['alice', undefined]) {
      const { id, handle } = await createDeferral(op.provider, {
        clientId: 'secret',
        ...(accountId !== undefined && { accountId }),
        scope: ['payments'],
        resource: ['https://api.example'],
      })
      await op.provider.deferrals.approve(id)
      const { status, body } = await pollDeferral(relyingParty(op.issuer), handle)
      expect(status).toBe(200)
      expect(await verified(op, body.access_token, 'https://api.example')).toMatchObject({ scope: 'payments' })
    }
  })
})
