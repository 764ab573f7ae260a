import { match, ok } from 'node:assert/strict'
import type { Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, expectPage, pending } from './expect.js'
import type { Recorded } from './recorder.js'
import { pageAtEnd, tokenRequests } from './waiting.js'

const exchanged = '200 deferred_auth_id expires_in interval'

/** Opening an account, with the openid profile. */
export const accountScenarios: Scenarios = {
  async 'Approval with fewer rights'({ customerNamed, reviewer, recorder }) {
    const exchanges: Recorded[] = []
    const customer = customerNamed('alex')
    await customer.ask()
    await tokenRequests(recorder, exchanges, 2)
    await reviewer.decide('progress', { step: 'Comparing the photo', position: '2', minutes: '5' })
    await tokenRequests(recorder, exchanges, 3)
    const waiting = await customer.look()
    check('the page shows the progress', () =>
      match(waiting.text, /Comparing the photo, number 2 in line, about 5 minutes left/),
    )
    await reviewer.approve({ without: ['Overdraft'] })
    await tokenRequests(recorder, exchanges, 4)
    const page = await pageAtEnd(customer, 'Your account is open')
    checkConversation(exchanges, [exchanged, pending, '200 access_token expires_in id_token scope token_type'])
    checkNotStored(exchanges)
    check('the customer may send payments and has no overdraft', () => {
      match(page.text, /<li class="granted">Send payments/)
      match(page.text, /<li class="withheld">An overdraft/)
    })
    check('the page shows the verified claims', () => match(page.text, /identity_verified/))
  },

  async Refusal({ customerNamed, reviewer, recorder }) {
    const exchanges: Recorded[] = []
    const customer = customerNamed('alex')
    await customer.ask()
    await tokenRequests(recorder, exchanges, 2)
    await reviewer.decide('deny', { reason: 'The photo does not match' })
    await tokenRequests(recorder, exchanges, 3)
    const page = await pageAtEnd(customer, 'We could not open an account')
    checkConversation(exchanges, [exchanged, pending, '400 access_denied'])
    checkNotStored(exchanges)
    check('the customer reads the reason', () => match(page.text, /The photo does not match/))
  },

  async Cancellation({ customerNamed, recorder }) {
    const exchanges: Recorded[] = []
    const customer = customerNamed('alex')
    const waiting = await customer.ask()
    await tokenRequests(recorder, exchanges, 2)
    expectPage(await customer.browser.submit(waiting, '/account/cancel'), 'You cancelled your request')
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [exchanged, pending])
    checkNotStored(exchanges)
    const cancellation = exchanges.find(({ url }) => url.pathname === '/op/deferred/cancel')
    check('the cancellation was answered 200 {}', () => ok(cancellation?.status === 200 && cancellation.text === '{}'))
  },

  async Expiry({ customerNamed, recorder, advance }) {
    const exchanges: Recorded[] = []
    const customer = customerNamed('alex')
    await customer.ask()
    await tokenRequests(recorder, exchanges, 2)
    console.log('\n  (a day passes)')
    advance(24 * 60 * 60 + 1)
    await tokenRequests(recorder, exchanges, 3)
    await pageAtEnd(customer, 'Your request has expired')
    checkConversation(exchanges, [exchanged, pending, '400 expired_token'])
    checkNotStored(exchanges)
  },
}
