import { expect, test } from 'vitest'
import type { Bank } from '../../example-app/start.js'
import { picture } from './chromium.js'
import { accountOf, approve, askForAccount, goToConfirmation, heading, openRequest } from './people.js'
import { useBank, type Visitor } from './use_bank.js'

/** Runs in the page. */
async function widthOf(image: { decode(): Promise<void>; naturalWidth: number }): Promise<number> {
  await image.decode()
  return image.naturalWidth
}

/** Runs in the page, and sums up how far its parts move. */
const observeShift = `new PerformanceObserver((list) => {
  globalThis.shift = (globalThis.shift ?? 0) + list.getEntries().reduce((sum, { value }) => sum + value, 0)
}).observe({ type: 'layout-shift', buffered: true })`

/** What customers and reviewers live through, on the memory store. */
export function journeys(): void {
  let bank: Bank
  let offset = 0
  let customer: Visitor
  let reviewer: Visitor

  const now = () => new Date(Date.now() + offset)
  useBank({ deferral: { interval: 1, now } }, (people) => {
    ;({ bank, customer, reviewer } = people)
  })

  test('approves with fewer rights: the waiting page shows progress without moving, and turns into the open account', async () => {
    const { page } = customer
    const desk = reviewer.page
    await askForAccount(page, bank)
    await page.evaluate(observeShift)
    await desk.goto(bank.origins.desk)
    await picture(desk, 'queue')
    await openRequest(desk, bank)
    const evidence = desk.getByAltText('Passport of Alex Rivera')
    expect(await evidence.evaluate(widthOf)).toBe(900)

    await desk.getByText('Tell the client about the progress').click()
    await desk.getByLabel('Step').fill('Comparing the photo')
    await desk.getByLabel('Place in line').fill('2')
    await desk.getByLabel('Minutes left').fill('5')
    await desk.getByRole('button', { name: 'Send the progress' }).click()
    await desk.getByText('The client gets this progress text').waitFor()
    await page.getByText('Comparing the photo, number 2 in line, about 5 minutes left').waitFor()
    expect(await page.evaluate('globalThis.shift ?? 0')).toBe(0)
    await picture(page, 'checking')

    await openRequest(desk, bank)
    await desk.getByLabel('Overdraft').uncheck()
    await picture(desk, 'desk')
    await approve(desk)
    await desk.getByText('You approved this request').waitFor()

    await heading(page, 'Your account is open')
    await picture(page, 'account')
    expect(await page.getByRole('listitem').allTextContents()).toEqual([
      'A current account in your name',
      'Send payments',
      'An overdraft of 500 euro not granted',
    ])
    expect(await page.getByRole('definition').allTextContents()).toEqual(
      expect.arrayContaining(['Alex', 'Rivera', '1991-04-17']),
    )
    expect(await page.getByText('NL', { exact: false }).first().textContent()).toMatch(/NL\d\d HRBR( \d+){3}/)
    expect(customer.complaints).toEqual([])

    await desk.reload()
    await desk.getByText('Tokens collected').first().waitFor()
    await picture(desk, 'finished')
    expect(reviewer.complaints).toEqual([])
  })

  test('refuses: the customer reads the reason', async () => {
    const { page } = customer
    const desk = reviewer.page
    await askForAccount(page, bank)
    await openRequest(desk, bank)
    await desk.getByLabel('Reason').fill('The document has expired')
    await desk.getByRole('button', { name: 'Refuse', exact: true }).click()
    await heading(page, 'We could not open an account')
    expect(await page.getByRole('blockquote').textContent()).toBe('The document has expired')
    await picture(page, 'refused')
    expect(customer.complaints).toEqual([])
  })

  test('expires: the customer may ask again', async () => {
    const { page } = customer
    await askForAccount(page, bank, 'Samuel Okafor')
    offset += 24 * 60 * 60 * 1000 + 1000
    await heading(page, 'Your request has expired')
    await picture(page, 'expired')
    await reviewer.page.goto(`${bank.origins.desk}/requests/?status=expired`)
    await reviewer.page.getByRole('link', { name: accountOf('Samuel Okafor') }).waitFor()
    await page.getByRole('button', { name: 'Start again' }).click()
    await heading(page, 'Sign in')
  })

  test('declines at the provider: nothing reaches the queue', async () => {
    const { page } = customer
    await goToConfirmation(page, bank, 'Samuel Okafor')
    await page.getByRole('button', { name: 'Decline' }).click()
    await heading(page, 'We could not open an account')
    expect(await page.getByRole('blockquote').textContent()).toBe('the customer declined')
    await reviewer.page.goto(bank.origins.desk)
    expect(await reviewer.page.getByRole('link', { name: accountOf('Samuel Okafor') }).count()).toBe(0)
  })

  test('cancels: the reviewer has nothing left to decide, and another customer is served in the same browser', async () => {
    const { page } = customer
    const desk = reviewer.page
    await askForAccount(page, bank, 'Samuel Okafor')
    await openRequest(desk, bank, accountOf('Samuel Okafor'))
    await page.getByRole('button', { name: 'Cancel my request' }).click()
    await heading(page, 'You cancelled your request')
    await picture(page, 'cancelled')
    await approve(desk)
    await desk.getByText('Nothing changed').waitFor()
    expect(await desk.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    expect(await desk.locator('.heading').textContent()).toMatch(/Cancelled/)

    await askForAccount(page, bank, 'Mina Sato')
    await openRequest(desk, bank, accountOf('Mina Sato'))
    await approve(desk)
    await page.getByText('Welcome to Harbour Bank, Mina Sato').waitFor()
    expect(customer.complaints).toEqual([])
  })

  test('refuses a file that is not a picture', async () => {
    const { page } = customer
    await page.goto(bank.origins.relyingParty)
    await page.getByRole('button', { name: 'Open an account' }).click()
    await page.getByLabel('Password').fill('anything')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page
      .getByLabel('Picture of the page')
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('<svg>') })
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(await page.getByRole('alert').textContent()).toBe('That file is not a PNG, JPEG or WebP picture.')
  })
}
