import { type Adapter, errors } from 'oidc-provider'
import { memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { requestObject } from '../../../support/authorization.js'
import { held, pollDeferral } from '../../../support/deferral.js'
import { memoryAdapter } from '../../../support/memory_adapter.js'
import { hint, pollCiba, withPhone } from '../../../support/phone.js'
import { type TestProvider, withProvider } from '../../../support/provider.js'
import { clientAssertion, relyingParty } from '../../../support/relying_party.js'

/** Everything that the host's adapter and the store of deferrals are given. */
function watchedStorage() {
  const written: string[] = []
  const note = (value: unknown) => void written.push(JSON.stringify(value))
  const make = memoryAdapter()
  const store = memoryStore()
  return {
    written,
    adapter: (name: string): Adapter => {
      const adapter = make(name)
      const upsert: Adapter['upsert'] = (id, payload, expiresIn) => {
        note([name, id, payload])
        return adapter.upsert(id, payload, expiresIn)
      }
      return Object.assign(Object.create(adapter), { upsert })
    },
    store: {
      ...store,
      insert: (...args: Parameters<typeof store.insert>) => {
        note(args)
        return store.insert(...args)
      },
      swap: (...args: Parameters<typeof store.swap>) => {
        note(args)
        return store.swap(...args)
      },
    },
  }
}

test('X-103 N5 the hint is never stored, shown to the device or emitted: plain, in a request object, in texts', async () => {
  const { written, adapter, store } = watchedStorage()
  const requestObjects = { enabled: true, requireSignedRequestObject: false }
  const { phone, options } = withPhone(
    { hint: true, maxLegs: 10 },
    { deferred: { store }, configuration: { adapter, features: { requestObjects } as never } },
  )
  await withProvider(options, async (op) => {
    const emitted: unknown[] = []
    for (const event of ['backchannel_authentication_request.saved', 'deferral.created', 'grant.error'] as const) {
      op.provider.on(
        event as never,
        ((subject: { oidc?: unknown }) => emitted.push(subject.oidc ? '' : { ...subject })) as never,
      )
    }
    const rp = relyingParty(op.issuer, 'assertion')
    const { deferralCode, id } = await held(op, rp, 'authorization_code')
    const texts = [deferralCode, `pay ${deferralCode} now`, encodeURIComponent(`!${deferralCode}`).replace('a', '%61')]
    for (const text of texts) {
      const message = await hint(rp, deferralCode, { binding_message: text })
      expect(message).toMatchObject({ status: 400, body: { error: 'invalid_binding_message' } })
      const context = await hint(rp, deferralCode, { request_context: text })
      expect(context).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    }
    expect((await hint(rp, deferralCode, { binding_message: 'Wire', user_code: '1234' })).status).toBe(200)
    const request = await requestObject(op.issuer, {
      scope: 'openid',
      login_hint_token: deferralCode,
      jti: 'jti-1',
      nbf: Math.floor(Date.now() / 1000),
    })
    const assertion = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await clientAssertion(op.issuer),
    }
    expect((await rp.post('/backchannel', { request, ...assertion })).status).toBe(200)
    await phone.asked(id, 2)
    const [first] = phone.questions
    if (!first) throw new Error('nobody was asked')
    const { request: asked } = first
    const secret = deferralCode.slice(22)
    expect(asked.params).not.toHaveProperty('user_code')
    expect(asked.params).toMatchObject({ binding_message: 'Wire' })
    for (const text of [
      ...written,
      JSON.stringify(phone.questions.map((one) => one.request)),
      JSON.stringify(emitted),
    ]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret).toString('base64url').slice(4, -4))
    }
    expect(written.some((text) => text.includes('BackchannelAuthenticationRequest'))).toBe(true)
    expect(phone.hints).toEqual([])
  })
})

test('N2 N10 the account that the host loads must be that of the deferral, or nobody is asked', async () => {
  const another = { findAccount: () => ({ accountId: 'mallory', claims: () => ({ sub: 'mallory' }) }) }
  let isOther = false
  const { phone, options } = withPhone(
    { hint: true },
    {
      configuration: {
        findAccount: (_ctx, sub) => (isOther ? another.findAccount() : { accountId: sub, claims: () => ({ sub }) }),
      },
    },
  )
  await withProvider(options, async (op) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, 'authorization_code')
    isOther = true
    expect(await hint(rp, deferralCode)).toMatchObject({ status: 400, body: { error: 'unknown_user_id' } })
    expect(phone.questions).toEqual([])
    expect((await op.provider.deferrals.get(id))?.legs).toBeUndefined()
  })
})

test('N9 of a tap to allow and one to refuse at the same time one counts, whichever is first', async () => {
  const store = memoryStore()
  const pauses: number[] = []
  const slow = {
    ...store,
    async find(...args: Parameters<typeof store.find>) {
      const found = await store.find(...args)
      const pause = pauses.shift() ?? 0
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
      return found
    },
  }
  const { phone, options } = withPhone({ hint: true, maxOpen: { perAccount: 100 } }, { deferred: { store: slow } })
  await withProvider(options, async (op) => {
    const rp = relyingParty(op.issuer)
    const outcomes = new Set<unknown>()
    for (let round = 0; round < 10; round++) {
      const { deferralCode, id } = await held(op, rp, 'authorization_code')
      await hint(rp, deferralCode)
      const question = await phone.asked(id)
      pauses.push(...(round % 2 ? [20, 0] : [0, 20]))
      await Promise.all([phone.allow(op, question), phone.refuse(op, question, new errors.AccessDenied())])
      const { status, history = [] } = (await op.provider.deferrals.get(id)) ?? {}
      const decisions = history.filter(({ event }) => event === 'approved' || event === 'denied')
      expect(decisions.map(({ event }) => event)).toEqual([status])
      expect(history.filter(({ event }) => event === 'leg_result_discarded')).toHaveLength(1)
      outcomes.add(status)
      pauses.length = 0
    }
    expect(outcomes).toEqual(new Set(['approved', 'denied']))
  })
})

test('N12 requests of CIBA that are not ours are stored, answered and polled as without the bridge', async () => {
  const journey = async (ciba: object) => {
    const { written, adapter } = watchedStorage()
    const { phone, options } = withPhone(ciba, { configuration: { adapter } })
    const answers: unknown[] = []
    await withProvider(options, async (op: TestProvider) => {
      const rp = relyingParty(op.issuer)
      written.length = 0
      for (const params of [{ login_hint: 'alice' }, { login_hint_token: 'another kind' }]) {
        const opened = await rp.post('/backchannel', { scope: 'openid', binding_message: 'Wire', ...params })
        const { auth_req_id: id, ...rest } = opened.body
        answers.push(opened.status, rest, (await pollCiba(rp, id)).body)
        const question = phone.questions.at(-1)
        if (!question) throw new Error('nobody was asked')
        await phone.allow(op, question)
        const tokens = await pollCiba(rp, id)
        answers.push(tokens.status, Object.keys(tokens.body), (await pollCiba(rp, id)).body)
      }
      answers.push(phone.hints, (await hint(rp, 'x'.repeat(64))).status)
    })
    const anonymous = written.map((text) =>
      text.replace(/"[\w-]{20,}"/g, '"id"').replace(/"(iat|exp|authTime)":\d+/g, '"$1":0'),
    )
    return { answers, written: anonymous }
  }
  expect(await journey({ hint: true, reachOut: true })).toEqual(await journey({}))
})

test('N4 N7 what the client polls with is only what it was given', async () => {
  const { phone, options } = withPhone({ hint: true })
  await withProvider(options, async (op) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, 'authorization_code')
    const { body } = await hint(rp, deferralCode)
    await phone.allow(op, await phone.asked(id))
    expect((await pollCiba(rp, deferralCode)).body.error).toBe('invalid_grant')
    expect((await pollDeferral(rp, body.auth_req_id)).body.error).toBe('invalid_grant')
    expect((await rp.poll(body.auth_req_id)).body.error).toBe('invalid_grant')
  })
})
