import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../../example-app/headless/browser.js'
import { createCustomer } from '../../example-app/headless/people.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { until } from '../support/receiver.js'

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

  const path = () => `${bank.origins.desk}/deferrals/${id}`
  const facts = async () => factsOf((await desk.open(path())).text)

  test('names rights while they are granted: never of a request that was refused or cancelled', async () => {
    const { deferrals } = bank.provider
    await deferrals.deny(id, { description: 'no' })
    expect(await facts()).not.toHaveProperty('Rights granted')
    await createCustomer(bank, recorder, 'mina').ask()
    id = (await deferrals.list({ limit: 1 })).deferrals[0]!.id
    const answerNow = hold()
    await deferrals.approve(id, { scope: ['openid', 'profile'] })
    expect(await facts()).toMatchObject({ 'Rights granted': 'Identity, Name' })
    await deferrals.cancel(id)
    expect(await facts()).not.toHaveProperty('Rights granted')
    answerNow()
  })

  test('says what came of an action once, and never what a link says', async () => {
    const links = ['approved', 'asked', 'authority', 'constructor', '__proto__', 'Call 555 0100']
    for (const notice of links) {
      const { status, text } = await desk.open(`${path()}?${new URLSearchParams({ notice })}`)
      expect([status, text.includes('role="status"'), text.includes('555 0100')]).toEqual([200, false, false])
    }
    const told = await desk.submit(await desk.open(path()), '/progress', { step: 'Reading' })
    expect([told.url.search, told.text.includes('sees your progress text')]).toEqual(['', true])
    expect((await desk.open(path())).text).not.toContain('sees your progress text')
  })

  test('shows the first page for a cursor that is none', async () => {
    for (const page of ['/?', '/notifications?status=all&']) {
      for (const cursor of ['cursor=', 'cursor=nonsense', 'cursor=a&cursor=b']) {
        const { status, text } = await desk.open(`${bank.origins.desk}${page}${cursor}`)
        expect([status, text.includes(id), text.includes('>Newest<')]).toEqual([200, true, false])
      }
    }
  })

  test('says how an attempt was answered when it is over', async () => {
    const { deferrals } = bank.provider
    const answerNow = hold()
    await deferrals.approve(id)
    await until(async () => (await deferrals.get(id))?.notification?.attempts === 1)
    expect(await facts()).toMatchObject({ Attempts: '1' })
    expect(await facts()).not.toHaveProperty('Answer')
    answerNow()
    await until(async () => (await deferrals.get(id))?.notification?.status === 'delivered')
    expect(await facts()).toMatchObject({ Attempts: '1', Answer: '204' })
  })

  test('tells who did what, to the second', async () => {
    await desk.submit(await desk.open(path()), '/deny', { description: 'Not readable' })
    await until(async () => (await desk.open(path())).text.includes('Refused</strong>'))
    const { text } = await desk.open(path())
    const history = text.slice(
      text.indexOf('class="timeline"'),
      text.indexOf('</ol>', text.indexOf('class="timeline"')),
    )
    expect(history).toMatch(/Requested<\/strong> by Harbour Bank/)
    expect(history).toMatch(/Refused<\/strong> by robin/)
    const moments = [...history.matchAll(/<time[^>]*>([^<]*)</g)].map(([, moment]) => moment)
    expect(moments.length).toBeGreaterThan(2)
    for (const moment of moments) expect(moment).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
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
