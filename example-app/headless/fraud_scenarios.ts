import { match } from 'node:assert/strict'
import type { Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, pending } from './expect.js'
import type { Recorded } from './recorder.js'
import { ended, tokenRequests } from './waiting.js'

const tokens = '200 access_token expires_in id_token scope token_type'

/** Signing in with an ordinary code: the oauth profile, when fraud monitoring raises a hand. */
export const fraudScenarios: Scenarios = {
  async 'A sign-in like any other'({ customerNamed, recorder }) {
    const page = await customerNamed('alex').signIn('You are signed in')
    checkConversation(recorder.take(), [tokens])
    check('the customer is welcome', () => match(page.text, /Welcome back, Alex Rivera/))
  },

  async 'A sign-in that looks like fraud, and was none'({ customerNamed, reviewer, recorder }) {
    const seen: Recorded[] = []
    const customer = customerNamed('samuel')
    await customer.signIn('We are checking this sign-in')
    await tokenRequests(recorder, seen, 2)
    await reviewer.decide('approve', { scope: ['profile', 'payments'] })
    await tokenRequests(recorder, seen, 3)
    const page = await ended(customer, 'You are signed in', '/banking')
    checkConversation(seen, [pending, tokens])
    checkNotStored(seen)
    check('the customer is welcome', () => match(page.text, /Welcome back, Samuel Okafor/))
  },

  async 'A sign-in that was fraud'({ customerNamed, reviewer, recorder }) {
    const seen: Recorded[] = []
    const customer = customerNamed('samuel')
    await customer.signIn('We are checking this sign-in')
    await tokenRequests(recorder, seen, 2)
    await reviewer.decide('deny', { description: 'Please call us' })
    await tokenRequests(recorder, seen, 3)
    await ended(customer, 'We could not sign you in', '/banking')
    checkConversation(seen, [pending, '400 access_denied'])
  },
}
