import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../../example-app/headless/browser.js'
import { createCustomer } from '../../example-app/headless/people.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { paymentAsked } from './payments.js'

const recorder = { fetchAs: () => fetch, take: () => [] }

/** What a page says, without its markup. */
const factsOf = (text: string) =>
  Object.fromEntries([...text.matchAll(/<dt>([^<]*)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, value]) => [name, value]))

describe('what reviewers read at the desk', () => {
  let bank: Bank
  let desk: Browser
  let id: string
  let gate = Promise.resolve()

  beforeAll(async () => {
    bank = await startBank({
      ports: [0, 0, 0, 0, 0, 0],
      deferral: { interval: 900 },
      beforeNotification: (_, next) => gate.then(next),
    })
  })
  afterAll(() => bank.stop())

  beforeEach(async () => {
    await createCustomer(bank, recorder, 'alex').ask()
    const { deferrals } = await bank.provider.deferrals.list({ limit: 1 })
    id = deferrals[0]!.id
    desk = createBrowser(fetch)
    await desk.submit(await desk.open(bank.origins.desk), '/sign-in', { reviewer: 'robin', password: 'harbour' })
  })

  /** Lets the bank answer no notification before the function that comes back is called. */
  function hold(): () => void {
    let open = () => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    return () => open()
  }

  const page = async () => (await desk.open(`${bank.origins.desk}/requests/deferrals/${id}`)).text
  const facts = async () => factsOf(await page())

  test('names rights in the words of the bank, while they are granted', async () => {
    const { deferrals } = bank.provider
    const answerNow = hold()
    await deferrals.approve(id, { scope: ['openid', 'profile'] })
    expect(await facts()).toMatchObject({ Granted: '<bdi>Identity</bdi>, <bdi>Name</bdi>' })
    await deferrals.cancel(id)
    expect(await facts()).not.toHaveProperty('Granted')
    answerNow()
  })

  test('shows the document and the record of the customer', async () => {
    expect(await page()).toMatch(/<img src="\/evidence\/[\w-]+" alt="Passport of Alex Rivera"/)
    expect(await facts()).toMatchObject({
      'Given name': 'Alex',
      'Family name': 'Rivera',
      'Date of birth': '1991-04-17',
    })
  })

  test('a payment is shown in words, and its amount can be lowered and nothing else', async () => {
    id = await paymentAsked(bank)
    expect(await facts()).toMatchObject({
      Amount: '<bdi>4,200.00 euro</bdi>',
      To: '<bdi>Northwind Energy</bdi>',
      From: '<bdi>the account of Mina Sato</bdi>',
    })
    const url = `${bank.origins.desk}/requests/deferrals/${id}`
    for (const [amount, answer] of [
      ['5000', 'nobody can approve more than the client asked for'],
      ['much', 'the amount must be in euro'],
    ] as const) {
      const form = { 'detail-0-amount': amount, confirmed: 'yes', 'detail-0-creditor': 'Elsewhere' }
      const { status, text } = await desk.submit(await desk.open(url), '/approve', form)
      expect([status, text.includes(answer), text.includes(`value="${amount}"`)]).toEqual([422, true, true])
    }
    expect((await bank.provider.deferrals.get(id))?.votes ?? []).toEqual([])
    const form = { 'detail-0-amount': '1000', confirmed: 'yes' }
    expect((await desk.submit(await desk.open(url), '/approve', form)).text).toContain('1,000.00 euro to Northwind')
    expect((await bank.provider.deferrals.get(id))?.votes).toMatchObject([
      { by: 'robin', authorizationDetails: [{ creditor: 'Northwind Energy', amount: { value: '1000.00' } }] },
    ])
  })
})

test('the provider shows nothing on its error page that a link says', async () => {
  const bank = await startBank({ ports: [0, 0, 0, 0, 0, 0] })
  try {
    const query = new URLSearchParams({ client_id: 'Call 555 0100', state: 'Call 555 0100', scope: 'Call 555 0100' })
    const response = await fetch(`${bank.provider.issuer}/auth?${query}`, { headers: { Accept: 'text/html' } })
    const text = await response.text()
    expect([response.status, text.includes('We cannot continue'), text.includes('555 0100')]).toEqual([
      400,
      true,
      false,
    ])
    expect(response.headers.get('Content-Security-Policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' blob:;connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'",
    )
  } finally {
    await bank.stop()
  }
})
