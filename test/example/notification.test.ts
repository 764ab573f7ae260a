import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCustomer } from '../../example-app/headless/people.js'
import { createReceiver } from '../../example-app/headless/receiver.js'
import { trusting } from '../../example-app/headless/trusting.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { selfSignedCertificate } from '../../example-app/web/certificate.js'
import { until } from '../support/receiver.js'

interface Waiting {
  bearer: string
  handle: string
}

/** Passes on what the bank sends, and remembers what it waits with, what it polls with and what comes of it. */
function createListener() {
  const waits: Waiting[] = []
  const polls: string[] = []
  const errors: unknown[] = []
  const listening: typeof fetch = async (input, init) => {
    const sent = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams()
    const polled = sent.get('deferred_auth_id') ?? sent.get('deferral_code')
    if (polled) polls.push(polled)
    const response = await fetch(input, init)
    if (polled) errors.push(((await response.clone().json()) as { error?: string }).error)
    const bearer = sent.get('deferred_notification_token') ?? sent.get('client_notification_token')
    if (bearer) {
      const { deferred_auth_id, deferral_code } = (await response.clone().json()) as Record<string, string>
      waits.push({ bearer, handle: deferred_auth_id ?? deferral_code ?? '' })
    }
    return response
  }
  const recorder = { fetchAs: () => fetch, take: () => [] }
  return { waits, polls, errors, listening, recorder }
}

const certificate = await selfSignedCertificate()

describe('the notification endpoint of the bank', () => {
  const send = trusting(certificate)
  const { waits, polls, errors, listening, recorder } = createListener()
  const receiver = createReceiver()
  let bank: Bank
  let account: Waiting
  let signIn: Waiting

  beforeAll(async () => {
    // The bank polls once when its wait begins, and by itself again a quarter of an hour later.
    bank = await startBank({
      ports: [0, 0, 0, 0, 0, 0],
      deferral: { interval: 900 },
      fetch: listening,
      beforeNotification: receiver.middleware,
      certificate,
    })
    await createCustomer(bank, recorder, 'alex').ask()
    await createCustomer(bank, recorder, 'samuel').signIn('We are checking this sign-in')
    ;[account, signIn] = waits as [Waiting, Waiting]
    await until(() => errors.length === 2)
    expect(errors).toEqual(['authorization_pending', 'authorization_pending'])
  })
  afterAll(() => bank.stop())
  beforeEach(() => {
    polls.length = 0
    errors.length = 0
  })

  type Sent = { bearer?: string | undefined; body?: unknown; type?: string; method?: string; path?: string }
  async function notify({ bearer, body, type = 'application/json', method = 'POST', path = '/notification' }: Sent) {
    const headers = { 'Content-Type': type, ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }) }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return send(bank.origins.notification + path, { method, headers, ...(method === 'POST' && { body: text }) })
  }

  test('every exchange has a token of its own, which is a secret', () => {
    expect(account.bearer).not.toBe(signIn.bearer)
    for (const { bearer } of waits) expect(bearer).toMatch(/^[\w-]{43}$/)
  })

  test('all wrong bearers and foreign handles get the same answer', async () => {
    const body = { deferred_auth_id: account.handle }
    const wrong: Sent[] = [
      { body },
      ...['', 'guess', `${account.bearer.slice(0, -1)}!`, `${account.bearer}x`, signIn.bearer].map((bearer) => ({
        bearer,
        body,
      })),
      { bearer: account.bearer, body: { deferral_code: account.handle } },
      { bearer: account.bearer, body: { deferral_code: signIn.handle } },
      { bearer: account.bearer, body: { deferred_auth_id: 'A'.repeat(65) } },
    ]
    for (const sent of wrong) {
      const { status, headers } = await notify(sent)
      expect([status, headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer'])
    }
    expect(polls).toEqual([])
  })

  test.each([
    ['two members', () => ({ deferred_auth_id: account.handle, status: 'approved' }), 400],
    ['none', () => ({}), 400],
    ['another', () => ({ auth_req_id: account.handle }), 400],
    ['one that is no string', () => ({ deferred_auth_id: [account.handle] }), 400],
    ['no object', () => 'null', 400],
    ['no JSON', () => 'deferred_auth_id', 400],
    ['more than anybody needs', () => ({ deferred_auth_id: 'A'.repeat(5000) }), 413],
  ])('a body has one known member and no more: %s', async (_, body, status) => {
    expect((await notify({ bearer: account.bearer, body: body() })).status).toBe(status)
    expect(polls).toEqual([])
  })

  test('it is one address, one method and one content type', async () => {
    const { bearer, handle } = account
    const body = { deferred_auth_id: handle }
    expect((await notify({ bearer, method: 'GET' })).status).toBe(405)
    expect((await notify({ bearer, body, path: '/account' })).status).toBe(404)
    const form = 'application/x-www-form-urlencoded'
    expect((await notify({ bearer, body: `deferred_auth_id=${handle}`, type: form })).status).toBe(415)
    expect(polls).toEqual([])
  })

  test('O-097 one that comes before there is a decision is followed by a poll, and the bank goes on waiting', async () => {
    expect((await notify({ bearer: account.bearer, body: { deferred_auth_id: account.handle } })).status).toBe(204)
    await until(() => errors.length > 0)
    expect([polls, errors]).toEqual([[account.handle], ['slow_down']])
    expect(await waiting()).toEqual(['account', 'sign-in'])
  })

  test('the provider sends one for each decision, and each is followed by tokens', async () => {
    const { deferrals } = await bank.provider.deferrals.list({ status: 'pending' })
    receiver.answers.length = 0
    for (const { id } of deferrals) await bank.provider.deferrals.approve(id)
    const delivered = () => bank.provider.deferrals.notifications.list({ status: 'delivered' })
    await until(async () => (await delivered()).notifications.length === 2 && (await waiting()).length === 0)
    expect([...polls].sort()).toEqual([account.handle, signIn.handle].sort())
    expect(receiver.answers).toEqual([204, 204])
    const { notifications } = await delivered()
    expect(notifications.map(({ answer }) => answer)).toEqual([204, 204])
  })

  test('one that comes again is taken like the first, and starts nothing', async () => {
    expect((await notify({ bearer: account.bearer, body: { deferred_auth_id: account.handle } })).status).toBe(204)
    expect((await notify({ bearer: signIn.bearer, body: { deferral_code: signIn.handle } })).status).toBe(204)
    expect(polls).toEqual([])
  })

  /** Which of the two still wait, as the provider sees it. */
  async function waiting(): Promise<string[]> {
    const { deferrals } = await bank.provider.deferrals.list()
    const open = deferrals.filter(({ status }) => status !== 'redeemed')
    return open.map(({ profile }) => (profile === 'openid' ? 'account' : 'sign-in')).sort()
  }
})
