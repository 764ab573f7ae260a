import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { askForPayment } from '../../example-app/agent/payment_agent.js'
import { until } from '../../example-app/headless/waiting.js'
import type { Bank } from '../../example-app/start.js'
import { openBrowser, picture } from './chromium.js'
import { approve, heading, openRequest, signInAtDesk } from './people.js'
import { useBank, type Visitor } from './use_bank.js'

const payment = '4,200.00 euro to Northwind Energy'

async function askPerson(desk: Page): Promise<void> {
  await desk.getByText('Ask the person').first().click()
  await desk.getByRole('button', { name: 'Ask the person' }).click()
  await desk.getByText('The client gets the address for the person').waitFor()
}

/** What happens when a token request has to wait: the oauth profile, on the memory store. */
export function waits(): void {
  let bank: Bank
  let customer: Visitor
  let reviewer: Visitor

  useBank({ deferral: { interval: 1 } }, (people) => {
    ;({ bank, customer, reviewer } = people)
  })

  async function signIn(name: string): Promise<void> {
    const { page } = customer
    await page.getByLabel(name).check()
    await page.getByLabel('Password').fill('anything')
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  test('I-047 I-051 the customer confirms by the link, two people approve, one of them less, the agent is told', async () => {
    const said: string[] = []
    const answer = askForPayment({
      issuer: bank.provider.issuer,
      payment: { customer: 'mina', creditor: 'Northwind Energy', sum: 4200_00 },
      file: join(tmpdir(), `agent_${randomUUID()}.json`),
      fetch,
      say: (sentence) => said.push(sentence),
    })
    const desk = reviewer.page
    await until(() => said.find((sentence) => sentence.startsWith('No decision yet')))
    await openRequest(desk, bank, payment)
    await picture(desk, 'payment')
    await askPerson(desk)

    const uri = await until(() => said.map((sentence) => /https:\S+/.exec(sentence)?.[0]).find(Boolean))
    const { page } = customer
    await page.goto(uri)
    await heading(page, 'Sign in')
    await signIn('Mina Sato')
    await heading(page, 'Did you ask for this?')
    await picture(page, 'question')
    expect(await page.getByRole('definition').allTextContents()).toEqual([
      '4,200.00 euro',
      'Northwind Energy',
      'your account, Mina Sato',
    ])
    await desk.reload()
    await desk.getByText('We wait for Mina Sato').waitFor()
    await page.getByRole('button', { name: 'Yes, I want this' }).click()
    await heading(page, 'Thank you')
    await page.goto(uri)
    await heading(page, 'This question is closed')

    await desk.reload()
    await approve(desk)
    await desk.getByText('More people have to approve').waitFor()
    await picture(desk, 'payment-approved-by-one')

    const officer = await openBrowser()
    await signInAtDesk(officer.page, bank, 'kim')
    await openRequest(officer.page, bank, payment)
    await officer.page.getByText('Confirmed by the customer').waitFor()
    await officer.page.getByLabel('Amount in euro').fill('1000')
    await picture(officer.page, 'risk-officer')
    await approve(officer.page)
    await officer.page.getByText('You approved this request').waitFor()
    expect(await answer).toEqual({ customer: 'mina', creditor: 'Northwind Energy', sum: 1000_00 })
    expect(officer.complaints).toEqual([])
    expect(reviewer.complaints).toEqual([])
    // The browser itself reports that the closed question came with status 410.
    expect(customer.complaints).toEqual([expect.stringContaining('410')])
    await officer.close()
  })

  test('an unusual sign-in waits, asks the customer, and goes on by itself', async () => {
    const { page } = customer
    await page.goto(bank.origins.relyingParty)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await heading(page, 'Sign in')
    await signIn('Samuel Okafor')
    await heading(page, 'Confirm your request')
    await page.getByRole('button', { name: 'Agree' }).click()
    await heading(page, 'We are checking this sign-in')
    await picture(page, 'fraud-review')

    await openRequest(reviewer.page, bank, 'Sign-in of Samuel Okafor')
    await askPerson(reviewer.page)
    const link = page.getByRole('link', { name: 'Confirm that it was you' })
    const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()])
    await heading(opened, 'Sign in')
    await opened.getByLabel('Samuel Okafor').check()
    await opened.getByLabel('Password').fill('anything')
    await opened.getByRole('button', { name: 'Sign in' }).click()
    await opened.getByRole('button', { name: 'Yes, I want this' }).click()
    await heading(opened, 'Thank you')
    await link.waitFor({ state: 'detached' })

    await openRequest(reviewer.page, bank, 'Sign-in of Samuel Okafor')
    await reviewer.page.getByText('Confirmed by the customer').waitFor()
    await approve(reviewer.page)
    await page.getByText('Welcome back, Samuel Okafor').waitFor()
    expect(customer.complaints).toEqual([])
  })

  test("a partner's page on another origin asks, waits and is answered, in the browser alone", async () => {
    const { page } = customer
    await page.goto(bank.origins.partner)
    await page.getByRole('button', { name: 'Connect my account' }).click()
    await page.getByText('A person at your bank').waitFor()
    await picture(page, 'partner')
    await openRequest(reviewer.page, bank, 'Statements')
    await reviewer.page.getByText("Partner's access").first().waitFor()
    await approve(reviewer.page)
    await page.getByText('Connected: the bank granted statements.').waitFor()
    // The browser itself reports the pending answers, which are 400s, and nothing of CORS.
    for (const complaint of customer.complaints) expect(complaint).toMatch(/status of 400/)
  })
}
