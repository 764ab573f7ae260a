import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Ports, startBank } from '../../example-app/start.js'
import { openBrowser } from './chromium.js'
import { accountOf, approve, askForAccount, goToConfirmation, heading, openRequest, signInAtDesk } from './people.js'
import { portsOf } from './ports.js'

/** Everything that happens survives a restart when it is kept in MongoDB. */
export function restart(): void {
  const database = `bank_${randomBytes(6).toString('hex')}`
  const mongodb = { uri: process.env.DEFERRED_TEST_MONGODB_URI ?? '', database }
  const start = (ports: Ports) => startBank({ mongodb, ports, deferral: { interval: 1 } })

  test('goes on: with an interaction, with a wait, with both sign-ins', async () => {
    let bank = await start([0, 0, 0, 0, 0, 0])
    const restart = async () => {
      await bank.stop()
      bank = await start(portsOf(bank))
    }
    const customer = await openBrowser()
    const reviewer = await openBrowser()
    try {
      await signInAtDesk(reviewer.page, bank)
      await goToConfirmation(customer.page, bank)
      await restart()
      await customer.page.getByRole('button', { name: 'Send for review' }).click()
      await heading(customer.page, 'We are checking your document')
      await restart()
      await openRequest(reviewer.page, bank)
      await reviewer.page.getByAltText('Passport of Alex Rivera').waitFor()
      await approve(reviewer.page)
      await heading(customer.page, 'Your account is open')
      expect(await customer.page.getByText('not granted').count()).toBe(0)
    } finally {
      await customer.close()
      await reviewer.close()
      await bank.erase()
    }
  })

  test('goes on without the browser: the website learns the answer while nobody looks', async () => {
    let bank = await start([0, 0, 0, 0, 0, 0])
    const customer = await openBrowser()
    const reviewer = await openBrowser()
    try {
      await askForAccount(customer.page, bank, 'Mina Sato')
      await customer.page.goto('about:blank')
      await bank.stop()
      bank = await start(portsOf(bank))
      await signInAtDesk(reviewer.page, bank)
      await openRequest(reviewer.page, bank, accountOf('Mina Sato'))
      await reviewer.page.getByLabel('Reason').fill('The picture cannot be read')
      await reviewer.page.getByRole('button', { name: 'Refuse', exact: true }).click()
      await reviewer.page.getByText('You refused this request').waitFor()
      await customer.page.goto(`${bank.origins.relyingParty}/account`)
      await heading(customer.page, 'We could not open an account')
    } finally {
      await customer.close()
      await reviewer.close()
      await bank.erase()
    }
  })
}
