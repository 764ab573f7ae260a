import { randomBytes } from 'node:crypto'
import { errors } from 'oidc-provider'
import { type DeferringClientMetadata, memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { createAuthority } from '../../../support/authority.js'
import { type HeldDeferral, held, pollDeferral, revoke } from '../../../support/deferral.js'
import { cibaClients, hint, pollCiba, withPhone } from '../../../support/phone.js'
import { type TestProvider, withProvider } from '../../../support/provider.js'
import { answering, type Receiver, startReceiver, until } from '../../../support/receiver.js'
import { type RelyingParty, relyingParty } from '../../../support/relying_party.js'

const grant = 'authorization_code'
const error = (name: string) => ({ status: 400, body: { error: name } })

/** A deferral whose client waits on both channels. */
interface Asked extends HeldDeferral {
  at: TestProvider
  /** the client's endpoint for pings, which is another host than that for notifications */
  pings: Receiver
  rp: RelyingParty
  phone: ReturnType<typeof withPhone>['phone']
  authReqId: string
  store: ReturnType<typeof memoryStore>
  /** what the client got on this channel */
  heard(channel: 'ping' | 'notified'): { token: string | undefined; body: object }[]
  /** resolves when two have arrived, on whichever channel */
  both(): Promise<unknown>
  /** resolves when the ping has this status */
  pinged(status: string): Promise<void>
}

/** Runs with a deferral about which its client has asked, and knows both handles. */
async function asked(run: (asked: Asked) => Promise<void>): Promise<void> {
  const authority = await createAuthority()
  const [receiver, pings] = [
    await startReceiver(answering(204), authority),
    await startReceiver(answering(204), authority),
  ]
  const store = memoryStore()
  const clients: DeferringClientMetadata[] = cibaClients.map((client) => ({
    ...client,
    deferred_client_notification_endpoint: receiver.endpoint,
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: pings.endpoint,
  }))
  const { phone, options } = withPhone(
    { hint: true, maxOpen: { perAccount: 20 } },
    {
      configuration: { clients },
      deferred: {
        store,
        keys: [randomBytes(32)],
        notification: { ...receiver.notification, ports: [receiver.port, pings.port] },
      },
    },
  )
  try {
    await withProvider(options, async (at) => {
      const rp = relyingParty(at.issuer)
      const one = await held(at, rp, grant, { params: { client_notification_token: 'token-of-the-deferral' } })
      const { auth_req_id: authReqId } = (
        await hint(rp, one.deferralCode, { client_notification_token: 'token-of-ciba' })
      ).body as { auth_req_id: string }
      const find = async () => store.find(one.id, at.clock.now())
      await until(async () => Number((await find())?.ping?.notBefore) <= at.clock.now().getTime() + 1000)
      at.clock.advance(2)
      const heard = (channel: 'ping' | 'notified') =>
        (channel === 'ping' ? pings : receiver).arrivals.map(({ headers, body }) => ({
          token: headers.authorization,
          body: JSON.parse(body) as object,
        }))
      const both = () => until(() => heard('ping').length + heard('notified').length >= 2)
      const pinged = (status: string) => until(async () => (await find())?.ping?.status === status)
      await run({ ...one, at, pings, both, rp, phone, authReqId, store, heard, pinged })
    })
  } finally {
    await Promise.all([receiver.close(), pings.close()])
  }
}

test('X-131 each channel gets its own handle with its own token, and either handle redeems, once', async () => {
  await asked(async ({ at, phone, id, deferralCode, authReqId, rp, heard, both }) => {
    await phone.allow(at, await phone.asked(id))
    await both()
    expect(heard('ping')).toEqual([{ token: 'Bearer token-of-ciba', body: { auth_req_id: authReqId } }])
    expect(heard('notified')).toEqual([
      { token: 'Bearer token-of-the-deferral', body: { deferral_code: deferralCode } },
    ])
    expect((await pollCiba(rp, authReqId)).status).toBe(200)
    expect(await pollDeferral(rp, deferralCode)).toMatchObject(error('invalid_grant'))
    expect(await at.provider.deferrals.get(id)).toMatchObject({
      ping: { status: 'delivered', attempts: 1, answer: 204 },
      notification: { status: 'delivered' },
    })
  })
})

test('X-131 an answer of 503 is retried; a redemption by the other handle drops what is undelivered', async () => {
  await asked(async ({ at, phone, id, deferralCode, rp, heard, pings, pinged }) => {
    pings.behave = answering(503)
    await phone.allow(at, await phone.asked(id))
    await until(async () => {
      const { ping } = (await at.provider.deferrals.get(id)) ?? {}
      return ping?.attempts === 1 && ping.nextAttemptAt !== undefined
    })
    at.clock.advance(60)
    await until(() => heard('ping').length === 2)
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
    await pinged('suppressed')
    const { history } = (await at.provider.deferrals.get(id)) ?? {}
    expect(history?.filter(({ channel }) => channel === 'ping')).toMatchObject([
      { event: 'notification_attempted', attempts: 1 },
      { event: 'notification_postponed', answer: 503 },
      { event: 'notification_attempted', attempts: 2 },
      { event: 'notification_postponed', answer: 503 },
    ])
  })
})

test('X-132 a client that gives up is not pinged', async () => {
  await asked(async ({ at, id, deferralCode, rp, heard, pinged, authReqId }) => {
    expect((await revoke(rp, deferralCode)).status).toBe(200)
    await pinged('suppressed')
    expect(await pollCiba(rp, authReqId)).toMatchObject(error('access_denied'))
    expect(await at.provider.deferrals.approve(id)).toMatchObject({ changed: false })
    expect([...heard('ping'), ...heard('notified')]).toEqual([])
  })
})

test('X-133 a denial by an operator is pinged, and says nothing but the handle', async () => {
  await asked(async ({ at, id, authReqId, rp, heard, both }) => {
    await at.provider.deferrals.deny(id, { by: 'kim', description: 'not today' })
    await both()
    expect(heard('ping')).toEqual([{ token: 'Bearer token-of-ciba', body: { auth_req_id: authReqId } }])
    expect(await pollCiba(rp, authReqId)).toMatchObject(error('access_denied'))
  })
})

test('X-107 X-131 a question that ends in an error is pinged alone, and the deferral waits', async () => {
  await asked(async ({ at, phone, id, authReqId, rp, heard, deferralCode, pinged }) => {
    await phone.refuse(at, await phone.asked(id), new errors.InvalidRequest('the device is broken'))
    await pinged('delivered')
    expect(heard('ping')).toHaveLength(1)
    expect(heard('notified')).toEqual([])
    expect(await pollCiba(rp, authReqId)).toMatchObject(error('expired_token'))
    expect(await pollDeferral(rp, deferralCode)).toMatchObject(error('authorization_pending'))
  })
})

test('X-110 X-131 only the last question is pinged', async () => {
  await asked(async ({ at, phone, id, deferralCode, authReqId, rp, heard, both }) => {
    const { auth_req_id: second } = (await hint(rp, deferralCode, { client_notification_token: 'second-token' }))
      .body as {
      auth_req_id: string
    }
    await phone.allow(at, await phone.asked(id, 2))
    at.clock.advance(16)
    await both()
    expect(heard('ping')).toEqual([{ token: 'Bearer second-token', body: { auth_req_id: second } }])
    expect(await pollCiba(rp, authReqId)).toMatchObject(error('expired_token'))
  })
})

test('X-131 neither token nor handle is stored in clear, in the deferral or in the request of the host', async () => {
  await asked(async ({ at, id, authReqId, store, phone }) => {
    const { request } = await phone.asked(id)
    const stored = await at.provider.BackchannelAuthenticationRequest.find(request.jti)
    const texts = [JSON.stringify(await store.find(id, at.clock.now())), JSON.stringify(stored?.params)]
    expect(texts.join()).toContain('"ping"')
    for (const secret of ['token-of-ciba', authReqId]) expect(texts.join()).not.toContain(secret)
  })
})

test('X-131 the host requires the token of a client that wants pings', async () => {
  await asked(async ({ rp, deferralCode }) => {
    expect(await hint(rp, deferralCode)).toMatchObject(error('invalid_request'))
  })
})

test('E-27 X-131 pings that get no answer delay no notification of the same client', async () => {
  await asked(async ({ at, id, rp, phone, pings, heard }) => {
    const unanswered: (() => void)[] = []
    pings.behave = (...arrival) => unanswered.push(() => answering(204)(...arrival))
    const ids = [id]
    // more than a client may have under way
    while (ids.length < 12) {
      const other = await held(at, rp, grant)
      await hint(rp, other.deferralCode, { client_notification_token: 'token-of-ciba' })
      ids.push(other.id)
    }
    at.clock.advance(20)
    for (const one of ids) await phone.refuse(at, await phone.asked(one), new errors.InvalidRequest('broken'))
    await until(() => heard('ping').length >= 8)
    await Promise.all(ids.map((one) => at.provider.deferrals.approve(one)))
    await until(() => heard('notified').length === ids.length)
    expect(heard('ping').length).toBeLessThan(ids.length)
    for (let n = 0; n < ids.length; n++) {
      await until(() => unanswered.length > n)
      unanswered[n]?.()
    }
  })
})
