import type { Adapter } from 'oidc-provider'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clientsWith } from '../../support/authorization.js'
import { authorizationCode, grants, held, pollDeferral, redeem, request } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Receiver, startReceiver, until } from '../../support/receiver.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'

const token = 'a-notification-token.of~the+client/0123456789='
const written: string[] = []
const announced: unknown[] = []

let op: TestProvider
let receiver: Receiver

/** Notes all that is written, and all that is returned by what was written before. */
function overheard<T extends object>(target: T): T {
  return new Proxy(target, {
    get(inner, verb) {
      const member: unknown = Reflect.get(inner, verb)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        const result: unknown = await Reflect.apply(member, inner, args)
        // a code or an opaque token is the host's own key for what it stores
        if (verb !== 'find') written.push(`${JSON.stringify(args)} ${JSON.stringify(result)}`)
        return result
      }
    },
  })
}

const inner = memoryAdapter()
const models = new Map<string, Adapter>()
const adapter = (name: string) => models.get(name) ?? models.set(name, overheard(inner(name))).get(name)!
const store: DeferralStore = overheard(memoryStore())

beforeAll(async () => {
  receiver = await startReceiver()
  op = await startProvider({
    configuration: {
      adapter,
      clients: clientsWith('secret', { deferred_client_notification_endpoint: receiver.endpoint }),
    },
    deferred: {
      store,
      defer: () => true,
      keys: [new Uint8Array(32).fill(1)],
      notification: receiver.notification,
    },
  })
  const events = ['created', 'approved', 'denied', 'cancelled', 'redeemed', 'notified', 'notification_failed'] as const
  for (const event of events) op.provider.on(`deferral.${event}`, (deferral) => announced.push(deferral))
})

afterAll(async () => {
  await op.close()
  await receiver.close()
})

afterEach(() => {
  written.length = announced.length = 0
})

const party = () => relyingParty(op.issuer, 'secret')
const params = { client_notification_token: token }
const deferrals = () => op.provider.deferrals
const kept = async (id: string) => (await store.find(id, op.clock.now()))?.notification
const became = (id: string, status: string) => until(async () => (await kept(id))?.status === status)

/** One deferral from its request to its tokens, of which its client was told. */
async function redeemed(rp: RelyingParty, grant: (typeof grants)[number]) {
  const one = await held(op, rp, grant, { params })
  const answers = [one.answer, await pollDeferral(rp, one.deferralCode)]
  op.clock.advance(2)
  await deferrals().approve(one.id)
  await became(one.id, 'delivered')
  answers.push(await pollDeferral(rp, one.deferralCode), await pollDeferral(rp, one.deferralCode))
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 200, 400])
  return { ...one, answers }
}

describe.each(grants)('%s', (grant) => {
  test('I-128 a client_notification_token is in no answer, no event and no record of the deferral', async () => {
    const { answers, id } = await redeemed(party(), grant)
    const { notifications } = await deferrals().notifications.list({ limit: 100 })
    const listed = [notifications, await deferrals().list({ limit: 100 })]
    const told = JSON.stringify([answers.map(({ body }) => body), announced, listed])
    expect(told).not.toContain(token)
    expect(written.filter((text) => text.includes(id)).length).toBeGreaterThan(0)
    expect(written.join()).not.toContain(token)
    // where it belongs
    expect(receiver.arrivals.at(-1)?.headers.authorization).toBe(`Bearer ${token}`)
  })

  test.each(['two words', 'quo"te', '\u00e4', '=', 'a=b', 'a\r\nb', 'x'.repeat(1025)])(
    'I-128 C24 one that could not be sent is invalid_request: %j',
    async (client_notification_token) => {
      const { answer } = await request(party(), grant, { params: { client_notification_token } })
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    },
  )

  test('C24 one that comes twice is invalid_request, as any parameter', async () => {
    const { answer } = await request(party(), grant, { params: { client_notification_token: ['a', 'b'] } })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test('I-010 one that comes with a poll changes nothing', async () => {
    const { deferralCode, id } = await held(op, party(), grant)
    const before = await kept(id)
    const { body } = await pollDeferral(party(), deferralCode, params)
    expect(body.error).toMatch(/^(authorization_pending|invalid_request)$/)
    expect(await kept(id)).toEqual(before)
    expect(written.join()).not.toContain(token)
  })

  test('I-131 I-132 C-I33 a deferral_code is nowhere but with its client: neither it nor its secret is at rest', async () => {
    const { deferralCode } = await redeemed(party(), grant)
    const secret = deferralCode.slice(22)
    for (const place of [written.join(), JSON.stringify(announced)]) {
      expect(place).toContain(deferralCode.slice(0, 22))
      expect(place).not.toContain(secret)
    }
  })

  test('I-135 what is kept is what the rest of it needs, and no credential of the request', async () => {
    const { id, code } = await redeemed(party(), grant)
    const record = await store.find(id, op.clock.now())
    expect(JSON.stringify(record)).not.toContain('a secret of the client')
    expect(code === undefined || !JSON.stringify(record).includes(code)).toBe(true)
    const source = Object.keys(record?.source ?? {})
    for (const name of ['client_secret', 'code', 'completion_mode', 'client_notification_token', 'iat', 'jti'])
      expect(source).not.toContain(name)
  })

  test('I-011 a code says neither who asked, nor for what, nor the decision', async () => {
    const codes = new Set<string>()
    for (let n = 0; n < 5; n++) codes.add((await held(op, party(), grant)).deferralCode)
    expect(codes.size).toBe(5)
    for (const code of codes) {
      expect(code).toMatch(/^[\w-]{65}$/)
      expect(Buffer.from(code, 'base64url').toString('latin1')).not.toMatch(/alice|secret|client|pending|openid/)
    }
  })
})

test('C24 a code survives a notification token that could not be sent', async () => {
  const code = await authorizationCode(party())
  const opted = { completion_mode: 'deferred' }
  const refused = await redeem(party(), code, { ...opted, client_notification_token: 'two words' })
  expect(refused.body).toMatchObject({ error: 'invalid_request' })
  expect((await redeem(party(), code, opted)).body).toMatchObject({ error: 'authorization_pending' })
})
