import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { interactionUri } from '../../example-app/agent/interaction_uri.js'
import { trusting } from '../../example-app/headless/trusting.js'
import { confirmationUri } from '../../example-app/provider/confirmation/application.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { selfSignedCertificate } from '../../example-app/web/certificate.js'
import { createClock } from '../support/clock.js'
import { approvedByTwo, csrfOf, paymentAsked, visitorAt } from './payments.js'

const question = '<h1>Did you ask for this?</h1>'
const closed = '<h1>This question is closed</h1>'
const certificate = await selfSignedCertificate()
const send = trusting(certificate)

describe('the page an interaction_uri leads to', () => {
  const clock = createClock()
  let bank: Bank
  let id: string
  let uri: string

  beforeAll(async () => {
    bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], deferral: { interval: 1, now: clock.now }, certificate })
  })
  afterAll(() => bank.stop())
  beforeEach(async () => {
    id = await paymentAsked(bank)
    uri = confirmationUri(bank.origins.confirmation, id)
    await bank.provider.deferrals.requireInteraction(id, { uri })
  })

  const asks = async () => (await bank.provider.deferrals.get(id))?.interaction !== undefined
  const status = async () => (await bank.provider.deferrals.get(id))?.status

  test('I-051 a visit changes nothing, signed in or not', async () => {
    const { browser, page } = await visitorAt(uri, 'mina', send)
    expect(page.text).toContain(question)
    for (const path of ['', '/yes', '/no', '?answer=yes']) await browser.open(`${uri}${path}`)
    for (const method of ['GET', 'HEAD']) await send(uri, { method })
    expect([await asks(), await status()]).toEqual([true, 'pending'])
  })

  test('I-052 of many confirmations at once one takes effect, and later ones find it closed', async () => {
    const { browser, page } = await visitorAt(uri, 'mina', send)
    const answers = await afterReading(5, () =>
      Promise.all(Array.from({ length: 5 }, () => browser.submit(page, '/yes'))),
    )
    expect(answers.filter(({ text }) => text.includes('<h1>Thank you</h1>'))).toHaveLength(1)
    expect(answers.filter(({ text }) => text.includes(closed))).toHaveLength(4)
    expect((await browser.open(uri)).text).toContain(closed)
    expect([await asks(), await status()]).toEqual([false, 'pending'])
    const { history = [] } = (await bank.provider.deferrals.get(id)) ?? {}
    expect(history.filter(({ event, by }) => event === 'resumed' && by === 'mina')).toHaveLength(1)
  })

  test('no link says that the customer answered', async () => {
    const { browser } = await visitorAt(uri, 'mina', send)
    for (const page of ['confirmed', 'refused']) expect((await browser.open(`${uri}/${page}`)).text).toContain(question)
    await bank.provider.deferrals.resume(id)
    for (const page of ['confirmed', 'refused']) expect((await browser.open(`${uri}/${page}`)).text).toContain(closed)
  })

  test('a refusal by the customer is the end', async () => {
    const { browser, page } = await visitorAt(uri, 'mina', send)
    expect((await browser.submit(page, '/no')).text).toContain('<h1>You refused the request</h1>')
    expect(await status()).toBe('denied')
    expect((await browser.submit(page, '/yes')).text).toContain(closed)
  })

  test('nobody but the customer sees the question, or can answer it', async () => {
    const { browser, page, cookie } = await visitorAt(uri, 'alex', send)
    const unknown = await browser.open(uri.replace(id, 'A'.repeat(22)))
    expect(page.status).toBe(403)
    expect(page.text).not.toMatch(/Northwind|Ledger|Mina/)
    expect(unknown.text.replaceAll('A'.repeat(22), id).replace(csrfOf(unknown), csrfOf(page))).toBe(page.text)
    const body = new URLSearchParams({ _csrf: csrfOf(page) })
    const answer = await send(`${uri}/yes`, { method: 'POST', headers: { Cookie: cookie() }, body })
    expect(answer.status).toBe(403)
    expect(await asks()).toBe(true)
  })

  test("an answer needs the CSRF token of the customer's own session", async () => {
    const mina = await visitorAt(uri, 'mina', send)
    const attacker = await visitorAt(uri, 'alex', send)
    const forms: Record<string, string>[] = [{}, { _csrf: 'guess' }, { _csrf: csrfOf(attacker.page) }]
    for (const form of forms) {
      const body = new URLSearchParams(form)
      const answer = await send(`${uri}/yes`, { method: 'POST', headers: { Cookie: mina.cookie() }, body })
      expect([answer.status, await asks()]).toEqual([403, true])
    }
    const body = new URLSearchParams({ _csrf: csrfOf(mina.page) })
    const headers = { Cookie: mina.cookie() }
    const answer = await send(`${uri}/yes`, { method: 'POST', headers, body, redirect: 'manual' })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, `/confirm/${id}/confirmed`])
    expect(await asks()).toBe(false)
  })

  test.each([
    ['an approval', () => approvedByTwo(bank, id)],
    ['a refusal', () => bank.provider.deferrals.deny(id)],
    ['a cancellation', () => bank.provider.deferrals.cancel(id)],
    ['resuming without the customer', () => bank.provider.deferrals.resume(id)],
    ['I-053 expiry', async () => clock.advance(24 * 60 * 60 + 1)],
  ])('it is dead after %s', async (_, end) => {
    const { browser, page } = await visitorAt(uri, 'mina', send)
    await end()
    const before = await status()
    for (const answer of ['/yes', '/no']) expect((await browser.submit(page, answer)).text).toContain(closed)
    expect((await browser.open(uri)).text).toContain(closed)
    expect(await status()).toBe(before)
  })

  test('it is never framed or kept, and its cookie stays with TLS', async () => {
    const { headers } = await send(uri)
    expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('Cache-Control')).toBe('no-store')
    for (const cookie of headers.getSetCookie()) expect(cookie).toMatch(/; secure; httponly/i)
    expect(headers.getSetCookie().length).toBeGreaterThan(0)
  })

  /** Holds every reader of a deferral until this many have read: all of them have seen the question open. */
  async function afterReading<T>(count: number, act: () => Promise<T>): Promise<T> {
    const { deferrals } = bank.provider
    const read = deferrals.get.bind(deferrals)
    const waiting: (() => void)[] = []
    deferrals.get = async (id) => {
      const found = await read(id)
      if (waiting.length === count) return found
      await new Promise<void>((goOn) => {
        if (waiting.push(goOn) === count) for (const each of waiting) each()
      })
      return found
    }
    const acted = await act()
    deferrals.get = read
    return acted
  }
})

test.each([
  ['https://op.example:3003/confirm/1', true],
  ['http://op.example/confirm/1', false],
  ['https://op.example/confirm/1#here', false],
  ['https://elsewhere.example/confirm/1', false],
  ['https://op.example@elsewhere.example/confirm/1', false],
  ['javascript:alert(1)', false],
  [undefined, false],
])('the agent passes on no link but its provider’s own: %s', (uri, trusted) => {
  expect(interactionUri(uri, 'https://op.example/op')).toBe(trusted ? uri : undefined)
})
