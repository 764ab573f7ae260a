import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deferred } from '../../support/journey.js'
import type { TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { introspected, startDeciding, waitingRequest } from './decisions/waiting_request.js'

/** A store whose clock is so many milliseconds ahead of this process, and is moved on by tests. */
function storeAhead(by: () => number): DeferralStore {
  const inner = memoryStore()
  const now = () => new Date(Date.now() + by())
  return {
    insert: (record, writeId, entry) => inner.insert(record, writeId, entry, now()),
    find: (id, _now, inDoubt) => inner.find(id, now(), inDoubt),
    swap: (before, change, writeId) => inner.swap(before, change, writeId, now()),
    history: (id) => inner.history(id),
    list: (query) => inner.list(query, now()),
    count: (query) => inner.count(query, now()),
    stats: (query) => inner.stats(query, now()),
    due: (query) => inner.due(query, now()),
  }
}

describe.each([
  ['behind', 90_000],
  ['ahead', -90_000],
])('E-42 on a node 90 s %s', (_where, apart) => {
  let op: TestProvider
  let ahead = apart
  // of the integrator, in the middle of a request
  let work = async () => {}
  const at = (seconds: number) => new Date(Date.now() + ahead + seconds * 1000)
  /** Time passes; the node reads something, as it does all the time. */
  async function moveOn(seconds: number, id?: string): Promise<void> {
    ahead += seconds * 1000
    if (id) await op.provider.deferrals.get(id)
  }

  beforeAll(async () => {
    op = await startDeciding(
      {
        store: storeAhead(() => ahead),
        now: undefined as never,
        interval: 60,
        interimIdToken: () => work().then(() => undefined),
      },
      { extraTokenClaims: () => work().then(() => undefined) },
    )
  })
  beforeEach(() => {
    ahead = apart
    work = async () => {}
  })
  afterAll(() => op.close())

  test('an approval with an hour left yields tokens that live as long', async () => {
    const { id, poll, rp } = await waitingRequest(op, 'openid', { scope: 'openid offline_access' })
    const hour = 3600
    // the clocks are 90 s apart; what the requests take is less
    const least = hour - 60
    await op.provider.deferrals.approve(id, { until: at(hour) })
    const { status, body } = await poll()
    expect({ status, left: body.expires_in > least && body.expires_in <= hour }).toEqual({ status: 200, left: true })
    for (const token of [body.access_token, body.refresh_token]) {
      const { exp } = await introspected(op, token)
      expect(Number(exp) - Date.now() / 1000).toBeLessThanOrEqual(hour)
    }
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed.body.expires_in).toBeGreaterThan(least)
    expect(refreshed.body.expires_in).toBeLessThanOrEqual(hour)
  })

  test('a refresh is refused once the approval has ended by the clock of the store', async () => {
    const { id, poll, rp } = await waitingRequest(op, 'openid', { scope: 'openid offline_access' })
    await op.provider.deferrals.approve(id, { until: at(40) })
    const { body } = await poll()
    await moveOn(41, id)
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('an approval that has ended is access_denied, however early it is here', async () => {
    const { id, poll } = await waitingRequest(op, 'openid')
    await op.provider.deferrals.approve(id, { until: at(40) })
    await moveOn(41)
    expect(await poll()).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })

  test('one that ends while tokens are made is access_denied, and nothing of them is left', async () => {
    const { id, poll } = await waitingRequest(op, 'openid', { scope: 'openid offline_access' })
    await op.provider.deferrals.approve(id, { until: at(40) })
    work = () => moveOn(41, id)
    const saved: string[] = []
    op.provider.on('access_token.saved', ({ jti }) => saved.push(jti))
    const { status, body } = await poll()
    expect({ status, ...body }).toMatchObject({ status: 400, error: 'access_denied' })
    expect(body.error_description).toBe('the approval of the deferred authentication has ended')
    for (const jti of saved) expect(await op.provider.AccessToken.find(jti)).toBeUndefined()
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
  })

  test('the last poll close to expiry is answered on its merits', async () => {
    const { id, poll } = await waitingRequest(op, 'openid')
    await moveOn(86_400 - 70, id)
    expect((await poll()).body.error).toBe('authorization_pending')
    await moveOn(30, id)
    expect((await poll()).body.error).toBe('authorization_pending')
  })

  test('a code that expires while it is exchanged is refused, and no theft signal', async () => {
    const rp = relyingParty(op.issuer)
    const { id, code } = await deferred(op, rp)
    work = async () => moveOn(61)
    expect(await rp.exchange(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending', expired: true })
  })
})
