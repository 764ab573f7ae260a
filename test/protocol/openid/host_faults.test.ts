import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { approved, clientTypes, deferred, party } from '../../support/journey.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
const inner = memoryAdapter()
const { store } = observedStore()
const host = observedAdapter(inner)
let accountFault: Error | undefined
let claimsFault: Error | undefined

beforeAll(async () => {
  op = await startProvider({
    deferred: { store },
    configuration: {
      adapter: host.adapter,
      findAccount(_ctx, sub) {
        if (accountFault) throw accountFault
        return {
          accountId: sub,
          claims() {
            if (claimsFault) throw claimsFault
            return { sub }
          },
        }
      },
    },
  })
})

afterAll(() => op.close())

beforeEach(() => {
  accountFault = claimsFault = undefined
})

const serverError = { status: 500, body: { error: 'server_error' } }
const request = { scope: 'openid offline_access', prompt: 'consent' }

describe.each(clientTypes)("the host's storage fails in the middle of a redemption of the %s client", (clientId) => {
  test.each(['Grant.find', 'AccessToken.upsert', 'RefreshToken.upsert'])(
    'at %s: server_error, and the approval is redeemable at once',
    async (call) => {
      const rp = await party(op, clientId)
      const { handle, id } = await approved(op, rp, { request })
      host.failNext(call)
      const { status, body, headers } = await rp.poll(handle)
      expect({ status, body }).toMatchObject(serverError)
      expect(headers.get('content-type')).toMatch(/^application\/json\b/)
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
      expect((await rp.poll(handle)).status).toBe(200)
    },
  )
})

test("a fault of the host's storage that looks like a 400 of the integrator is server_error all the same", async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await approved(op, rp, { request })
  host.failNext('AccessToken.upsert', 'before', Object.assign(new Error('down'), { statusCode: 400, expose: true }))
  const answer = await rp.poll(handle)
  expect((await rp.poll(handle)).status).toBe(200)
  expect(answer).toMatchObject(serverError)
})

describe('what was minted before the fault', () => {
  test('is destroyed', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp, { request })
    const minted: string[] = []
    op.provider.once('access_token.saved', ({ jti }) => minted.push(jti))
    host.failNext('RefreshToken.upsert')
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect(minted).toHaveLength(1)
    expect(await inner('AccessToken').find(minted[0]!)).toBeUndefined()
  })

  test('is destroyed as far as possible: a second fault while clearing up changes nothing else', async () => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp, { request })
    host.failNext('RefreshToken.upsert')
    host.failNext('AccessToken.destroy')
    expect(await rp.poll(handle)).toMatchObject(serverError)
    expect((await rp.poll(handle)).status).toBe(200)
  })
})

describe("the integrator's callbacks fail", () => {
  test.each(['findAccount', 'claims'])('%s at a redemption: server_error, redeemable at once', async (callback) => {
    const rp = relyingParty(op.issuer)
    const { handle } = await approved(op, rp)
    if (callback === 'claims') claimsFault = new Error('down')
    else accountFault = new Error('down')
    expect(await rp.poll(handle)).toMatchObject(serverError)
    accountFault = claimsFault = undefined
    expect((await rp.poll(handle)).status).toBe(200)
  })

  test('findAccount at an exchange: server_error, the code is still usable', async () => {
    const rp = relyingParty(op.issuer)
    const { code } = await deferred(op, rp)
    accountFault = new Error('down')
    expect(await rp.exchange(code)).toMatchObject(serverError)
    accountFault = undefined
    expect((await rp.exchange(code)).status).toBe(200)
  })
})

test.each(['Grant.find', 'ReplayDetection.insertUnique'])(
  "the host's storage fails at %s of an exchange: the code is still usable",
  async (call) => {
    const rp = await party(op, 'public')
    const { code } = await deferred(op, rp)
    host.failNext(call)
    expect(await rp.exchange(code)).toMatchObject(serverError)
    expect((await rp.exchange(code)).status).toBe(200)
  },
)
