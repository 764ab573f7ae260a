import { match } from 'node:assert/strict'
import type { Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, pending } from './expect.js'
import type { Recorded } from './recorder.js'
import { pageAtEnd, tokenRequests } from './waiting.js'

const tokens = '200 access_token expires_in id_token scope token_type'

/** Signing in with an ordinary code. When fraud monitoring finds it unusual, the oauth profile defers it. */
export const fraudScenarios: Scenarios = {
  async 'An ordinary sign-in'({ customerNamed, recorder }) {
    const page = await customerNamed('alex').signIn('You are signed in')
    checkConversation(recorder.take(), [tokens])
    check('the page welcomes the customer', () => match(page.text, /Welcome back, Alex Rivera/))
  },

  async 'An unusual sign-in, approved'({ customerNamed, reviewer, recorder }) {
    const exchanges: Recorded[] = []
    const customer = customerNamed('samuel')
    await customer.signIn('We are checking this sign-in')
    await tokenRequests(recorder, exchanges, 2)
    await reviewer.approve()
    await tokenRequests(recorder, exchanges, 3)
    const page = await pageAtEnd(customer, 'You are signed in', '/banking')
    checkConversation(exchanges, [pending, tokens])
    checkNotStored(exchanges)
    check('the page welcomes the customer', () => match(page.text, /Welcome back, Samuel Okafor/))
  },

  async 'An unusual sign-in, refused'({ customerNamed, reviewer, recorder }) {
    const exchanges: Recorded[] = []
    const customer = customerNamed('samuel')
    await customer.signIn('We are checking this sign-in')
    await tokenRequests(recorder, exchanges, 2)
    await reviewer.decide('deny', { reason: 'Please call us' })
    await tokenRequests(recorder, exchanges, 3)
    await pageAtEnd(customer, 'We could not sign you in', '/banking')
    checkConversation(exchanges, [pending, '400 access_denied'])
  },
}
