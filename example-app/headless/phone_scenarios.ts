import { equal, match } from 'node:assert/strict'
import { type Browser, createBrowser } from './browser.js'
import type { Cast, Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, expectPage, pending } from './expect.js'
import type { Recorded } from './recorder.js'
import { pageAtEnd, tokenRequests, until } from './waiting.js'

/** Unlocks a customer's phone. */
async function unlock({ bank, recorder }: Cast, account: string): Promise<Browser> {
  const browser = createBrowser(recorder.fetchAs('Phone'))
  const locked = expectPage(await browser.open(`${bank.origins.confirmation}/phone`), 'Your phone')
  await browser.submit(locked, '/sign-in', { account, password: 'anything' })
  return browser
}

/** Opens the page until there is a question: the bank asks after it has answered its website. */
function question({ bank }: Cast, browser: Browser) {
  return until(async () => {
    const page = await browser.open(`${bank.origins.confirmation}/phone`)
    return page.text.includes('<h1>Is it you?</h1>') ? page : undefined
  })
}

/** The bank asks the customer of an unusual sign-in on the phone, over CIBA. A reviewer may still decide. */
export const phoneScenarios: Scenarios = {
  async 'An unusual sign-in, confirmed on the phone'(cast) {
    const { bank, customerNamed, recorder } = cast
    const exchanges: Recorded[] = []
    const customer = customerNamed('samuel')
    await customer.signIn('We are checking this sign-in')
    await tokenRequests(recorder, exchanges, 2)
    const another = await unlock(cast, 'mina')
    expectPage(await another.open(`${bank.origins.confirmation}/phone`), 'Nothing to answer')
    const phone = await unlock(cast, 'samuel')
    const asked = await question(cast, phone)
    expectPage(await phone.submit(asked, '/yes'), 'Nothing to answer')
    await tokenRequests(recorder, exchanges, 3)
    const page = await pageAtEnd(customer, 'You are signed in', '/banking')
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [pending, '200 access_token expires_in id_token scope token_type'])
    checkNotStored(exchanges)
    check('the page welcomes the customer', () => match(page.text, /Welcome back, Samuel Okafor/))
    const { deferrals } = await bank.provider.deferrals.list({ status: 'redeemed', accountId: 'samuel' })
    check('the customer has decided', () => equal(deferrals[0]?.decision?.by, 'samuel'))
  },

  async 'An unusual sign-in, stopped on the phone'(cast) {
    const { customerNamed, recorder } = cast
    const exchanges: Recorded[] = []
    const customer = customerNamed('samuel')
    await customer.signIn('We are checking this sign-in')
    await tokenRequests(recorder, exchanges, 2)
    const phone = await unlock(cast, 'samuel')
    await phone.submit(await question(cast, phone), '/no')
    await tokenRequests(recorder, exchanges, 3)
    const page = await pageAtEnd(customer, 'We could not sign you in', '/banking')
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [pending, '400 access_denied'])
    check('the customer reads the reason', () => match(page.text, /it was not me/))
  },
}
