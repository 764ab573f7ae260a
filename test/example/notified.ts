import { afterEach, expect, test } from 'vitest'
import { createReceiver } from '../../example-app/headless/receiver.js'
import type { Bank } from '../../example-app/start.js'
import { until } from '../support/receiver.js'
import { picture } from './chromium.js'
import { accountOf, approve, askForAccount, heading, openRequest } from './people.js'
import { useBank, type Visitor } from './use_bank.js'

/** Nobody polls within ten minutes unless told to. */
export function notified(): void {
  const receiver = createReceiver()
  let bank: Bank
  let offset = 0
  let customer: Visitor
  let reviewer: Visitor

  useBank(
    {
      deferral: { interval: 600, now: () => new Date(Date.now() + offset) },
      beforeNotification: receiver.middleware,
    },
    (people) => {
      ;({ bank, customer, reviewer } = people)
      receiver.answers.length = 0
    },
  )
  // before the customer leaves: hooks after a test run in reverse order
  afterEach(() => {
    expect([...customer.complaints, ...reviewer.complaints]).toEqual([])
  })

  async function approveAccount(name: string): Promise<void> {
    await openRequest(reviewer.page, bank, accountOf(name))
    await approve(reviewer.page)
    await reviewer.page.getByText('You approved this request.').waitFor()
  }

  /** What the card says of a notification, by name. */
  async function card(): Promise<Record<string, string>> {
    const region = reviewer.page.getByRole('region', { name: 'Notification of the client', exact: true })
    const [names, values] = [region.getByRole('term'), region.getByRole('definition')]
    const [keys, texts] = await Promise.all([names.allTextContents(), values.allTextContents()])
    return Object.fromEntries(keys.map((key, index) => [key, texts[index] ?? '']))
  }

  /** Looks again until the page shows it. */
  async function shows(isThere: (desk: Visitor['page']) => Promise<boolean>): Promise<void> {
    const { page } = reviewer
    await until(async () => (await isThere(page)) || page.reload().then(() => false))
  }

  const badgeSays = (words: string) =>
    shows(async (desk) => (await desk.locator('.facts .badge').textContent()) === words)

  test('the waiting page turns when the request is approved', async () => {
    await askForAccount(customer.page, bank)
    await approveAccount('Alex Rivera')
    await heading(customer.page, 'Your account is open')
    expect(receiver.answers).toEqual([204])
    await badgeSays('Delivered')
    expect(await card()).toMatchObject({ State: 'Delivered', Attempts: '1', Answer: '204' })
    await reviewer.page.getByText('The client was notified').waitFor()
    await picture(reviewer.page, 'notified')
  })

  test('a notification that was given up is listed first, says why, and is sent again', async () => {
    const desk = reviewer.page
    await askForAccount(customer.page, bank, 'Mina Sato')
    receiver.fail(1, 404)
    await approveAccount('Mina Sato')
    await badgeSays('Not delivered')
    expect(await card()).toMatchObject({ Attempts: '1', Answer: '404', Reason: 'the endpoint answered 404' })
    await picture(desk, 'given-up')

    const request = desk.url()
    await desk.getByRole('link', { name: 'Notifications' }).click()
    await heading(desk, 'Notifications')
    const row = desk.getByRole('row', { name: accountOf('Mina Sato') })
    expect(await row.textContent()).toMatch(/Not delivered[\s\S]*the endpoint answered 404/)
    await picture(desk, 'notifications')
    await heading(customer.page, 'We are checking your document')
    await row.getByRole('button', { name: 'Send again' }).click()
    await heading(customer.page, 'Your account is open')
    await desk.goto(request)
    await badgeSays('Delivered')
    await desk.getByText('Notification sent again by Robin Hale').waitFor()
    await desk.goto(`${bank.origins.desk}/requests/notifications?status=failed`)
    await desk.getByText('There is none here.').waitFor()
  })

  test('one that is still being sent says when it is tried next, and need not wait for that', async () => {
    const desk = reviewer.page
    await askForAccount(customer.page, bank, 'Samuel Okafor')
    receiver.fail(2)
    await approveAccount('Samuel Okafor')
    await badgeSays('Being sent')
    await shows(async () => (await card()).Answer === '503')
    offset += 7000
    const again = desk.getByRole('button', { name: 'Send again' })
    await shows(async () => (await card()).Attempts === '2' && (await again.count()) > 0)
    expect(await card()).toMatchObject({
      Attempts: '2',
      Answer: '503',
      'Next attempt': expect.stringMatching(/:\d\d UTC$/),
    })
    await picture(desk, 'being-sent')
    await again.click()
    await heading(customer.page, 'Your account is open')
    expect(receiver.answers).toEqual([503, 503, 204])
  })
}
