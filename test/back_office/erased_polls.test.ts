import type { Deferrals } from 'oidc-provider-deferred'
import { beforeAll, describe, expect, test } from 'vitest'
import { held, pollDeferral, redeem, revoke } from '../support/deferral.js'
import { deferred, waiting } from '../support/journey.js'
import { type Answer, dpopKey, type Extras, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { useProvider } from '../support/use_provider.js'

const op = useProvider({
  deferred: { defer: (_ctx, { profile, canWait }) => profile === 'openid' || canWait, retryWindow: 30 },
})
let deferrals: Deferrals
let rp: RelyingParty

beforeAll(async () => {
  deferrals = op.provider.deferrals
  rp = relyingParty(op.issuer, 'public', await dpopKey())
})

/** One that waits, at its poll; `code` is what the poll handle was got with. */
interface Held {
  id: string
  poll: (by?: RelyingParty, params?: Record<string, string>, extras?: Extras) => Promise<Answer>
  giveUp: () => Promise<Answer>
  useCodeAgain: () => Promise<Answer>
}

const begin = {
  async openid(): Promise<Held> {
    const { code, id } = await deferred(op, rp)
    const { body } = await rp.exchange(code)
    return {
      id,
      poll: (by = rp, params = {}, extras = {}) => by.poll(body.deferred_auth_id, params, extras),
      giveUp: () => rp.cancel(body.deferred_auth_id),
      useCodeAgain: () => rp.exchange(code),
    }
  },
  async oauth(): Promise<Held> {
    const { deferralCode, id, code = '' } = await held(op, rp, 'authorization_code')
    return {
      id,
      poll: (by = rp, params = {}, extras = {}) => pollDeferral(by, deferralCode, params, extras),
      giveUp: () => revoke(rp, deferralCode),
      useCodeAgain: () => redeem(rp, code, { completion_mode: 'deferred' }),
    }
  },
}

const told = ({ status, body: { error, reason } }: Answer) => [status, error, reason]

describe.each(['openid', 'oauth'] as const)('a client of the %s profile, after an erasure', (profile) => {
  test.each([
    ['pending', async () => {}],
    ['approved', ({ id }: Held) => deferrals.approve(id)],
    ['denied', ({ id }: Held) => deferrals.deny(id, { description: 'the photo is unreadable' })],
    ['cancelled', ({ id }: Held) => deferrals.cancel(id)],
  ] as const)('of what was %s is refused until the expiry, and then told of it', async (_status, end) => {
    const one = await begin[profile]()
    await end(one)
    await deferrals.erase({ id: one.id })
    expect(told(await one.poll())).toEqual([400, 'access_denied', undefined])
    // what some clients repeat at every poll
    expect(told(await one.poll(rp, { scope: 'openid' }))).toEqual([400, 'access_denied', undefined])
    op.clock.advance(86_400)
    expect(told(await one.poll())).toEqual([400, 'expired_token', undefined])
  })

  test('of what it got tokens for gets no second answer, and its tokens stay', async () => {
    const one = await begin[profile]()
    await deferrals.approve(one.id)
    const { body } = await one.poll()
    expect((await one.poll()).body.access_token).toBe(body.access_token)
    await deferrals.erase({ id: one.id })
    expect(told(await one.poll())).toEqual([400, 'invalid_grant', undefined])
    const introspect = () => rp.post('/token/introspection', { token: body.access_token })
    expect((await introspect()).body.active).toBe(true)
    expect(told(await one.useCodeAgain())).toEqual([400, 'invalid_grant', undefined])
  })

  test('of what has expired is told so', async () => {
    const one = await begin[profile]()
    op.clock.advance(86_400)
    await deferrals.erase({ id: one.id })
    expect(told(await one.poll())).toEqual([400, 'expired_token', undefined])
  })

  test('is recognised by its key and its id, and nobody else is', async () => {
    const one = await begin[profile]()
    await deferrals.erase({ id: one.id })
    const dpop = await dpopKey()
    expect(told(await one.poll(rp, {}, { dpop }))).toEqual([400, 'invalid_dpop_proof', undefined])
    expect(told(await one.poll(rp, {}, { dpop: undefined }))).toEqual([400, 'invalid_dpop_proof', undefined])
    expect(told(await one.poll(relyingParty(op.issuer, 'other')))).toEqual([400, 'invalid_grant', undefined])
  })

  test('gives up and uses its code again as ever, and nothing changes', async () => {
    const one = await begin[profile]()
    await deferrals.erase({ id: one.id })
    const erased = await deferrals.get(one.id)
    expect((await one.giveUp()).status).toBe(200)
    expect(told(await one.useCodeAgain())).toEqual([400, 'invalid_grant', undefined])
    expect(await deferrals.get(one.id)).toEqual(erased)
  })
})

test.each(['denied', 'approved', 'pending'])('a deferred code of what was %s is not exchanged', async (status) => {
  const { code, id } = await deferred(op, rp)
  if (status === 'denied') await deferrals.deny(id)
  if (status === 'approved') await deferrals.approve(id)
  await deferrals.erase({ id })
  expect(told(await rp.exchange(code))).toEqual([400, 'invalid_grant', undefined])
  expect(await deferrals.get(id)).not.toHaveProperty('exchangedAt')
})

test('what the record was kept for is over when it is deleted: the handle is then unknown', async () => {
  const deleting = async () => {
    // the store in memory deletes when it stores a new one
    op.clock.advance(60)
    await waiting(op, rp)
  }
  const { handle, id } = await waiting(op, rp)
  const { body: unknown } = await rp.poll(`${'A'.repeat(22)}${handle.slice(22)}`)
  op.clock.advance(86_400 + 30 * 86_400 - 61)
  await deleting()
  expect(told(await rp.poll(handle))).toEqual([400, 'expired_token', undefined])
  op.clock.advance(1)
  await deleting()
  expect(await deferrals.get(id)).toBeUndefined()
  const { status, body } = await rp.poll(handle)
  expect([status, body]).toEqual([400, unknown])
  await expect(deferrals.erase({ id })).rejects.toMatchObject({ code: 'ERR_DEFERRAL_NOT_FOUND' })
})

test('one that was decided just before its expiry lives from its expiry; one that was cancelled after it, from then', async () => {
  const [decided, cancelled] = [await waiting(op, rp), await waiting(op, rp)]
  op.clock.advance(86_399)
  await deferrals.deny(decided.id)
  op.clock.advance(86_401)
  // a day late
  await deferrals.cancel(cancelled.id)
  op.clock.advance(29 * 86_400 + 1)
  await waiting(op, rp)
  expect(await deferrals.get(decided.id)).toBeUndefined()
  expect(await deferrals.get(cancelled.id)).toBeDefined()
  op.clock.advance(86_400)
  await waiting(op, rp)
  expect(await deferrals.get(cancelled.id)).toBeUndefined()
})
