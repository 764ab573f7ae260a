import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientCertificate, certificateOf, certificates } from '../../support/certificates.js'
import { clients } from '../../support/clients.js'
import { held, pollDeferral, revoke } from '../../support/deferral.js'
import { approved } from '../../support/journey.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { until } from '../../support/receiver.js'
import { type Answer, dpopKey, type Extras, type RelyingParty, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let hasAccount = true
const { store, calls, failNext } = observedStore()
const { adapter, interrupt: interruptHost } = observedAdapter()
const window = 30
const by = ({ header }: ClientCertificate): Extras => ({ headers: { ...header } })

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter,
      clients: [
        ...clients,
        {
          ...clients[0],
          client_id: 'bound',
          client_secret: 'bound',
          token_endpoint_auth_method: 'client_secret_post',
          tls_client_certificate_bound_access_tokens: true,
        },
      ],
      findAccount: (_ctx, sub) => (hasAccount ? { accountId: sub, claims: () => ({ sub }) } : undefined),
      features: {
        mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: certificateOf as never },
      },
    },
    deferred: { store, defer: (_ctx, { profile }) => profile === 'oauth', retryWindow: window },
  })
})
afterAll(() => op.close())

const request = { scope: 'openid offline_access', prompt: 'consent' }
type Poll = (by?: RelyingParty, extras?: Extras) => Promise<Answer>
type Kind = 'openid' | 'authorization_code' | 'client_credentials'

/** An approved deferral of the client, its handle, and how it is polled for. */
async function begun(kind: Kind, rp = relyingParty(op.issuer), params = {}, extras: Extras = {}) {
  if (kind === 'openid') {
    const { handle, id } = await approved(op, rp, { request, params, extras })
    const poll: Poll = (by = rp, extras = {}) => by.poll(handle, params, extras)
    return { id, handle, poll }
  }
  const { deferralCode: handle, id } = await held(op, rp, kind, { request, params, extras })
  await op.provider.deferrals.approve(id)
  const poll: Poll = (by = rp, extras = {}) => pollDeferral(by, handle, params, extras)
  return { id, handle, poll }
}

const spent = { status: 400, body: { error: 'invalid_grant', error_description: expect.stringContaining('redeemed') } }

describe.each(['openid', 'authorization_code', 'client_credentials'] as const)('%s', (kind) => {
  test('the client that polls again within the window gets the same answer, and nothing is minted or written', async () => {
    const { id, poll } = await begun(kind)
    const first = await poll()
    expect(first.status).toBe(200)
    op.clock.advance(window - 1)
    calls.length = 0
    for (let n = 0; n < 2; n++) {
      const { status, headers, body } = await poll()
      expect(status).toBe(200)
      expect(JSON.stringify(body)).toBe(JSON.stringify(first.body))
      expect(headers.get('cache-control')).toBe('no-store')
    }
    expect(calls).toEqual(['find', 'find'])
    expect((await store.history(id)).filter(({ event }) => event === 'redeemed')).toHaveLength(1)
    op.clock.advance(1)
    expect(await poll()).toMatchObject(spent)
  })

  test('another client gets what it gets for an unknown handle', async () => {
    const { poll } = await begun(kind)
    await poll()
    const { status, body } = await poll(relyingParty(op.issuer, 'other'))
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_grant' })
    expect(body.error_description).toBe(
      (await begun(kind).then(({ poll }) => poll(relyingParty(op.issuer, 'other')))).body.error_description,
    )
  })

  test('nothing of it is in the store in clear', async () => {
    const { id, handle, poll } = await begun(kind)
    const { body } = await poll()
    const kept = JSON.stringify(await store.find(id)) + JSON.stringify(await store.history(id))
    expect(kept).toContain('"answer"')
    for (const secret of [handle.slice(22), body.access_token, body.refresh_token, body.id_token]) {
      if (secret !== undefined) expect(kept).not.toContain(secret)
    }
    const { deferrals } = await op.provider.deferrals.list({ limit: 100 })
    expect(JSON.stringify(deferrals)).not.toContain('"answer"')
  })

  test('a poll on another node that comes second gets the same answer, not a refusal', async () => {
    const node = await startProvider({
      issuer: op.issuer,
      clock: op.clock,
      configuration: { adapter },
      deferred: { store: { ...store }, defer: () => false, retryWindow: window },
    })
    const { poll } = await begun(kind)
    const model = kind === 'client_credentials' ? 'ClientCredentials' : 'AccessToken'
    let first: Answer | undefined
    interruptHost(`${model}.upsert`, async () => {
      first = await poll(relyingParty(node.origin))
    })
    const second = await poll()
    await node.close()
    expect(first?.status).toBe(200)
    expect(second).toMatchObject({ status: 200, body: first?.body })
  })

  test('an approval survives a redemption whose reply was lost for good', async () => {
    const { poll } = await begun(kind)
    failNext('swap redeemed', 'after')
    failNext('find in doubt')
    expect((await poll()).status).toBe(500)
    const { status, body } = await poll()
    expect(status).toBe(200)
    const { body: introspected } = await relyingParty(op.issuer).post('/token/introspection', {
      token: body.access_token,
    })
    expect(introspected).toMatchObject({ active: true })
  })

  test('a client that gives its handle up gets no more for it: the answer is erased, the tokens stay', async () => {
    const { id, handle, poll } = await begun(kind)
    const rp = relyingParty(op.issuer)
    const { body } = await poll()
    expect((await (kind === 'openid' ? rp.cancel(handle) : revoke(rp, handle))).status).toBe(200)
    expect(await store.find(id)).not.toHaveProperty('answer')
    expect(await poll()).toMatchObject(spent)
    const { body: introspected } = await rp.post('/token/introspection', { token: body.access_token })
    expect(introspected).toMatchObject({ active: true })
  })

  test('a sweep erases it after the window', async () => {
    const { id, poll } = await begun(kind)
    await poll()
    op.clock.advance(window)
    await until(async () => (await store.find(id))?.answer === undefined)
    expect(await store.find(id)).toMatchObject({ status: 'redeemed' })
    expect((await store.history(id)).at(-1)).toMatchObject({ event: 'redeemed' })
  })
})

describe.each(['openid', 'authorization_code'] as const)('%s', (kind) => {
  test('a public client needs its key, with a fresh proof', async () => {
    const rp = relyingParty(op.issuer, 'public', await dpopKey())
    const { poll } = await begun(kind, rp)
    const first = await poll()
    expect(first).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    for (const dpop of [await dpopKey(), undefined]) {
      expect(await poll(rp, { dpop })).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    }
    expect(await poll()).toMatchObject({ status: 200, body: first.body })
  })

  test('a client whose tokens are bound to its certificate needs that', async () => {
    const { first, second } = certificates
    const rp = relyingParty(op.issuer, 'bound')
    const { poll } = await begun(kind, rp, { client_secret: 'bound' }, by(first))
    const { status, body } = await poll(rp, by(first))
    expect(status).toBe(200)
    for (const extras of [by(second), {}]) {
      const refused = await poll(rp, extras)
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(refused.body.error_description).not.toContain('redeemed')
    }
    expect(await poll(rp, by(first))).toMatchObject({ status: 200, body })
  })

  test('what was revoked meanwhile is not handed out again', async () => {
    const { id, poll } = await begun(kind)
    await poll()
    hasAccount = false
    expect(await poll()).toMatchObject(spent)
    hasAccount = true
    expect((await poll()).status).toBe(200)
    await adapter('Grant').destroy((await store.find(id))?.grantId as string)
    expect(await poll()).toMatchObject(spent)
  })
})

test('a record whose answer was moved to another deferral, or to another client, gives nothing', async () => {
  const [one, other] = [await begun('openid'), await begun('openid')]
  await one.poll()
  await other.poll()
  const { answer } = (await store.find(other.id)) as { answer?: object }
  const before = await store.find(one.id)
  await store.swap(before!, { after: { ...before, answer } as never }, 'planted')
  const { status, body } = await one.poll()
  expect({ status, body }).toMatchObject({ status: 500, body: { error: 'server_error' } })
})
