import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, deferred, party, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

const lifetime = 600
const store = memoryStore()

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    deferred: {
      store,
      ttl: { deferredCode: 300, deferral: lifetime },
      interval: 31,
      defer: (_ctx, { scope }) => scope.has('payments') && { expiresIn: 2_592_000, interval: 60 },
    },
  })
})

afterAll(() => op.close())

const expired = { status: 400, body: { error: 'expired_token' } }

describe('configured times', () => {
  test('O-048 O-049 O-066 O-115 C39 the options or defer decide expires_in and interval', async () => {
    const rp = relyingParty(op.issuer)
    const plain = await deferred(op, rp)
    const special = await deferred(op, rp, { request: { scope: 'openid payments' } })
    op.clock.advance(299)
    expect((await rp.exchange(plain.code)).body).toMatchObject({ expires_in: lifetime, interval: 31 })
    expect((await rp.exchange(special.code)).body).toMatchObject({ expires_in: 2_592_000, interval: 60 })
    const { exchangedAt, expiresAt } = (await op.provider.deferrals.get(plain.id))!
    expect(exchangedAt).toEqual(op.clock.now())
    expect(expiresAt.getTime() - op.clock.now().getTime()).toBe(lifetime * 1000)
  })

  test('C39 an interval of 31 s is honoured, and said in Retry-After', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await waiting(op, rp)
    expect((await rp.poll(handle)).headers.get('retry-after')).toBe('31')
    op.clock.advance(20)
    const early = await rp.poll(handle)
    expect(early.body.error).toBe('slow_down')
    expect(early.headers.get('retry-after')).toBe('36')
    op.clock.advance(11)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
  })
})

describe.each(['secret', 'public'])('O-058 O-073 O-116 C41 after expires_in the %s client', (clientId) => {
  test('hears expired_token, not a second earlier, and from then on always', async () => {
    const rp = await party(op, clientId)
    const { handle } = await waiting(op, rp)
    op.clock.advance(lifetime - 1)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
    op.clock.advance(1)
    for (const pause of [0, 0, 60, 86_400]) {
      op.clock.advance(pause)
      expect(await rp.poll(handle)).toMatchObject(expired)
    }
  })

  test('O-117 gets no tokens for an approval in time that it did not poll for', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await approved(op, rp)
    op.clock.advance(lifetime)
    expect(await rp.poll(handle)).toMatchObject(expired)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved', expired: true })
  })

  test('gets no tokens for an approval that came later', async () => {
    const rp = await party(op, clientId)
    const { handle, id } = await waiting(op, rp)
    op.clock.advance(lifetime)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: false })
    expect(await rp.poll(handle)).toMatchObject(expired)
  })

  test('hears expired_token for a denial and a cancellation too', async () => {
    const rp = await party(op, clientId)
    const [denied, cancelled] = [await waiting(op, rp), await waiting(op, rp)]
    await op.provider.deferrals.deny(denied.id)
    await rp.cancel(cancelled.handle)
    expect((await rp.poll(denied.handle)).body.error).toBe('access_denied')
    op.clock.advance(lifetime)
    for (const { handle } of [denied, cancelled]) expect(await rp.poll(handle)).toMatchObject(expired)
  })

  test('hears invalid_grant for what was redeemed', async () => {
    const rp = await party(op, clientId)
    const { handle } = await approved(op, rp)
    expect((await rp.poll(handle)).status).toBe(200)
    op.clock.advance(lifetime)
    expect(await rp.poll(handle)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })
})

test('O-115 the lifetime starts at the exchange, not at the authorization', async () => {
  const rp = relyingParty(op.issuer)
  const { code } = await deferred(op, rp)
  op.clock.advance(299)
  const { body } = await rp.exchange(code)
  op.clock.advance(lifetime - 1)
  expect((await rp.poll(body.deferred_auth_id)).body.error).toBe('authorization_pending')
})

test('O-115 an approval before the exchange does not lengthen the life of the code', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id } = await deferred(op, rp)
  await op.provider.deferrals.approve(id)
  op.clock.advance(300)
  expect(await rp.exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

describe('extend', () => {
  test('O-116 moves the expiry, counted from now', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    op.clock.advance(lifetime - 1)
    const { changed, deferral } = await op.provider.deferrals.extend(id, { expiresIn: 7200 })
    expect(changed).toBe(true)
    expect(deferral.expiresAt.getTime()).toBe(op.clock.now().getTime() + 7_200_000)
    op.clock.advance(7199)
    expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
    await op.provider.deferrals.approve(id)
    op.clock.advance(1)
    expect(await rp.poll(handle)).toMatchObject(expired)
  })

  test('may shorten it too', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await approved(op, rp)
    await op.provider.deferrals.extend(id, { expiresIn: 10 })
    op.clock.advance(10)
    expect(await rp.poll(handle)).toMatchObject(expired)
  })

  test.each<[string, (held: { handle: string; id: string }) => Promise<unknown>]>([
    ['expired', async () => op.clock.advance(lifetime)],
    ['denied', ({ id }) => op.provider.deferrals.deny(id)],
    ['cancelled', ({ id }) => op.provider.deferrals.cancel(id)],
    [
      'redeemed',
      async ({ handle, id }) => {
        await op.provider.deferrals.approve(id)
        await relyingParty(op.issuer).poll(handle)
      },
    ],
  ])('never brings back what is %s', async (_status, end) => {
    const held = await waiting(op, relyingParty(op.issuer))
    await end(held)
    const { history, ...before } = (await op.provider.deferrals.get(held.id))!
    expect(await op.provider.deferrals.extend(held.id, { expiresIn: 7200 })).toEqual({
      deferral: before,
      changed: false,
    })
    expect((await op.provider.deferrals.get(held.id))?.history).toEqual(history)
  })

  test('does nothing to a deferral that was not exchanged yet', async () => {
    const { id } = await deferred(op, relyingParty(op.issuer))
    expect(await op.provider.deferrals.extend(id, { expiresIn: 7200 })).toMatchObject({ changed: false })
  })

  test('refuses to go beyond the end of the Grant with a RangeError, and changes nothing', async () => {
    const { id } = await waiting(op, relyingParty(op.issuer))
    const before = await op.provider.deferrals.get(id)
    const extended = op.provider.deferrals.extend(id, { expiresIn: 10 * 365 * 86_400 })
    await expect(extended).rejects.toThrow(RangeError)
    await expect(extended).rejects.toThrow(/ends at 20\d\d-/)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
  })

  test('refuses where the Grant is gone, and says so', async () => {
    const { id } = await waiting(op, relyingParty(op.issuer))
    const before = await op.provider.deferrals.get(id)
    const grant = await op.provider.Grant.find((await store.find(id))?.grantId as string)
    await grant?.destroy()
    const extended = op.provider.deferrals.extend(id, { expiresIn: 7200 })
    await expect(extended).rejects.toThrow(RangeError)
    await expect(extended).rejects.toThrow(/the Grant behind this deferral is gone/)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
  })
})
