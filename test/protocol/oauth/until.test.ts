import { decodeJwt } from 'jose'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { describeMongo, useDatabase } from '../../support/database.js'
import type { TestProvider } from '../../support/provider.js'
import type { Answer, RelyingParty } from '../../support/relying_party.js'
import { jwtApi } from '../../support/resource_servers.js'
import { introspected, kinds, startDeciding, waitingRequest } from './decisions/waiting_request.js'

let op: TestProvider
let rotates = false

const start = Math.floor(Date.now() / 1000) * 1000
const at = (seconds: number) => new Date(start + seconds * 1000)
const now = () => new Date()

// one clock for the deferral and for the host's tokens, which know no other than Date
beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] })
  rotates = false
})
afterEach(() => {
  vi.useRealTimers()
})
beforeAll(async () => {
  op = await startDeciding({ now }, { rotateRefreshToken: () => rotates })
})
afterAll(() => op.close())

const offline = { scope: 'openid offline_access' }
const refresh = (rp: RelyingParty, token: string): Promise<Answer> =>
  rp.token({ grant_type: 'refresh_token', refresh_token: token })

describe.each(kinds)('%s', (kind) => {
  test('E-42 an access token ends with the approval', async () => {
    const { id, poll } = await waitingRequest(op, kind, { scope: kind === 'client_credentials' ? 'read' : 'openid' })
    const { deferral } = await op.provider.deferrals.approve(id, { until: at(100) })
    expect(deferral.decision?.until).toEqual(at(100))
    vi.setSystemTime(at(10))
    const { body } = await poll()
    expect(body).toMatchObject({ access_token: expect.any(String), expires_in: 90 })
    expect(await introspected(op, body.access_token)).toMatchObject({ active: true, exp: start / 1000 + 100 })
    vi.setSystemTime(at(101))
    expect(await introspected(op, body.access_token)).toEqual({ active: false })
  })

  test('E-42 so does a JWT access token', async () => {
    const { id, poll } = await waitingRequest(op, kind, { scope: 'openid read', resource: [jwtApi], target: jwtApi })
    await op.provider.deferrals.approve(id, { until: at(100) })
    const { body } = await poll()
    expect(body.expires_in).toBe(100)
    expect(decodeJwt(body.access_token)).toMatchObject({ aud: expect.any(String), exp: start / 1000 + 100 })
  })
})

// tokens with an end-user and those of a client alone are different models of the host
describe.each(['authorization_code', 'client_credentials'] as const)('%s', (kind) => {
  test('an approval that ends later than the tokens changes nothing about them', async () => {
    const asked = { scope: 'openid read', resource: [jwtApi], target: jwtApi }
    const plain = await waitingRequest(op, kind, asked)
    const long = await waitingRequest(op, kind, asked)
    await op.provider.deferrals.approve(plain.id)
    await op.provider.deferrals.approve(long.id, { until: at(10_000_000) })
    const [expected, found] = [(await plain.poll()).body, (await long.poll()).body]
    expect(found.expires_in).toBe(expected.expires_in)
    expect(found.expires_in).toBeGreaterThan(100)
  })

  test('an approval that has ended before it was redeemed is access_denied, and stays so', async () => {
    const { id, poll } = await waitingRequest(op, kind)
    await op.provider.deferrals.approve(id, { until: at(100) })
    for (const second of [100, 101, 5000]) {
      vi.setSystemTime(at(second))
      const { status, body } = await poll()
      expect({ status, error: body.error }).toEqual({ status: 400, error: 'access_denied' })
    }
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
  })

  test('less than a second before the end there is no token, and none that lives as long as by default', async () => {
    const { id, poll } = await waitingRequest(op, kind)
    await op.provider.deferrals.approve(id, { until: new Date(start + 100_500) })
    vi.setSystemTime(new Date(start + 100_400))
    const { status, body } = await poll()
    expect({ status, token: body.access_token }).toEqual({ status: 400, token: undefined })
    expect(await op.provider.deferrals.get(id)).not.toMatchObject({ status: 'redeemed' })
  })

  test('in the last whole second there is a token of one second', async () => {
    const { id, poll } = await waitingRequest(op, kind)
    await op.provider.deferrals.approve(id, { until: at(100) })
    vi.setSystemTime(at(99))
    expect(await poll()).toMatchObject({ status: 200, body: { expires_in: 1 } })
  })
})

describe('authorization_code', () => {
  test.each<[string, unknown, typeof TypeError | typeof RangeError]>([
    ['a number', start + 100_000, TypeError],
    ['a string', at(100).toISOString(), TypeError],
    ['no time at all', new Date('never'), TypeError],
    ['null', null, TypeError],
    ['the past', at(-1), RangeError],
    ['now', at(0), RangeError],
  ])('%s as until is refused without a change', async (_case, until, error) => {
    const { id, poll } = await waitingRequest(op, 'authorization_code')
    const before = await op.provider.deferrals.get(id)
    await expect(op.provider.deferrals.approve(id, { until: until as Date })).rejects.toThrow(error)
    expect(await op.provider.deferrals.get(id)).toEqual(before)
    expect((await poll()).body.error).toBe('authorization_pending')
  })
})

describe.each(kinds.filter((kind) => kind !== 'client_credentials'))('E-42 %s, refreshed', (kind) => {
  test.each([false, true])('never outlives the approval, with rotation: %s', async (rotating) => {
    rotates = rotating
    const { id, poll, rp } = await waitingRequest(op, kind, offline)
    await op.provider.deferrals.approve(id, { until: at(1000) })
    let { body } = await poll()
    expect(await introspected(op, body.refresh_token)).toMatchObject({ active: true, exp: start / 1000 + 1000 })
    const tokens = new Set<string>([body.refresh_token])
    for (const second of [400, 700, 999]) {
      vi.setSystemTime(at(second))
      ;({ body } = await refresh(rp, body.refresh_token))
      expect(body).toMatchObject({ access_token: expect.any(String), expires_in: 1000 - second })
      tokens.add(body.refresh_token)
      for (const token of [body.access_token, body.refresh_token]) {
        expect(await introspected(op, token)).toMatchObject({ active: true, exp: start / 1000 + 1000 })
      }
    }
    expect(tokens.size).toBe(rotating ? 4 : 1)
    vi.setSystemTime(at(1001))
    expect(await refresh(rp, body.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await introspected(op, body.access_token)).toEqual({ active: false })
  })

  test('at the end itself a refresh gives no token, least of all one that lives as long as by default', async () => {
    const { id, poll, rp } = await waitingRequest(op, kind, offline)
    await op.provider.deferrals.approve(id, { until: at(1000) })
    const { body } = await poll()
    vi.setSystemTime(at(1000))
    expect(await refresh(rp, body.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('another approval of the same client is not affected', async () => {
    const [short, long] = [await waitingRequest(op, kind, offline), await waitingRequest(op, kind, offline)]
    await op.provider.deferrals.approve(short.id, { until: at(100) })
    await op.provider.deferrals.approve(long.id)
    await short.poll()
    const { body } = await long.poll()
    vi.setSystemTime(at(200))
    expect(await refresh(long.rp, body.refresh_token)).toMatchObject({ status: 200, body: { expires_in: 3600 } })
  })
})

describeMongo('in MongoDB', () => {
  const database = useDatabase()

  test('E-42 the end of an approval is the same instant on every node', async () => {
    vi.useRealTimers()
    const node = await startDeciding({ store: mongoStore(database.db) })
    try {
      const { id, poll } = await waitingRequest(node, 'client_credentials')
      const until = new Date(Date.now() + 100_123)
      await node.provider.deferrals.approve(id, { until })
      const elsewhere = await mongoStore(await database.connect()).find(id)
      expect(elsewhere).toMatchObject({ decision: { until } })
      expect((await node.provider.deferrals.get(id))?.decision?.until).toEqual(until)
      const { body } = await poll()
      expect(body.expires_in).toBeLessThanOrEqual(101)
      expect(body.expires_in).toBeGreaterThan(10)
    } finally {
      await node.close()
    }
  })
})
