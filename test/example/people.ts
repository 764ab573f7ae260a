import type { Page } from 'playwright-core'
import type { Bank } from '../../example-app/start.js'
import { picture } from './chromium.js'

const samplePicture = 'example-app/assets/sample-passport.jpg'

export async function heading(page: Page, text: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor()
}

/** From the bank's home page to the provider's last page. */
export async function goToConfirmation(page: Page, { origins }: Bank, name = 'Alex Rivera'): Promise<void> {
  await page.goto(origins.relyingParty)
  await picture(page, 'home')
  await page.getByRole('button', { name: 'Open an account' }).click()
  await heading(page, 'Sign in')
  await page.getByLabel(name).check()
  await page.getByLabel('Password').fill('anything')
  await picture(page, 'sign-in')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, 'Show a document')
  await page.getByLabel('Kind of document').selectOption('Passport')
  await page.getByLabel('Picture of the page').setInputFiles(samplePicture)
  await page.getByAltText('The picture you chose').waitFor()
  await picture(page, 'evidence')
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, 'Confirm your request')
  await picture(page, 'confirm')
}

export async function askForAccount(page: Page, bank: Bank, name?: string): Promise<void> {
  await goToConfirmation(page, bank, name)
  await page.getByRole('button', { name: 'Send for review' }).click()
  await heading(page, 'We are checking your document')
}

export async function signInAtDesk(page: Page, { origins }: Bank, reviewer = 'robin'): Promise<void> {
  await page.goto(origins.desk)
  await page.getByLabel('Reviewer').selectOption(reviewer)
  await page.getByLabel('Password').fill('harbour')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, 'Requests')
}

/** What the desk calls the account opening of a customer. */
export const accountOf = (name: string) => `Account for ${name}`

/** Opens the newest request with this title that waits for a decision. */
export async function openRequest(page: Page, { origins }: Bank, title = accountOf('Alex Rivera')): Promise<void> {
  await page.goto(`${origins.desk}/requests/?order=newest`)
  await page.getByRole('link', { name: title }).first().click()
  await heading(page, title)
}

/** Approves the request on this page as it is, and confirms that. */
export async function approve(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Approve', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
}
