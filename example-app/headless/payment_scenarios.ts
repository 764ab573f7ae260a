import { deepStrictEqual, doesNotMatch, equal, match } from 'node:assert/strict'
import { askForPayment } from '../agent/payment_agent.js'
import type { Payment } from '../provider/payment.js'
import { createBrowser, type Shown } from './browser.js'
import type { Cast, Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, expectPage, pending } from './expect.js'
import type { Recorded } from './recorder.js'
import { tokenRequests, until } from './waiting.js'

const granted = '200 access_token authorization_details expires_in scope token_type'

function startAgent({ bank, recorder }: Cast, payment: Payment) {
  const said: string[] = []
  const answer = askForPayment({
    issuer: bank.provider.issuer,
    payment,
    fetch: recorder.fetchAs('Agent'),
    say(sentence) {
      said.push(sentence)
      console.log(`\n  the agent says: ${sentence}`)
    },
  })
  return { said, answer }
}

/** Mina follows the link, after somebody else has tried to. */
async function confirm({ recorder }: Cast, uri: string): Promise<void> {
  const browser = createBrowser(recorder.fetchAs('Customer'))
  const signIn = (page: Shown, account: string) => browser.submit(page, '/sign-in', { account, password: 'anything' })
  const door = expectPage(await browser.open(uri), 'Sign in')
  check('whoever has not signed in reads nothing about the request', () => doesNotMatch(door.text, /Northwind/))
  const stranger = expectPage(await signIn(door, 'alex'), 'This is not for you')
  check('nor does another customer', () => doesNotMatch(stranger.text, /Northwind/))
  const again = expectPage(await browser.submit(stranger, '/sign-out'), 'Sign in')
  const question = expectPage(await signIn(again, 'mina'), 'Did you ask for this?')
  check('the customer reads who asks for what', () =>
    match(question.text, /Ledger[\s\S]*4,200.00 euro[\s\S]*Northwind/),
  )
  expectPage(await browser.submit(question, '/yes'), 'Thank you')
  expectPage(await browser.submit(question, '/yes'), 'This question is closed')
}

/** An agent asks for a payment: the oauth profile, with client_credentials and authorization_details. */
export const paymentScenarios: Scenarios = {
  async 'A payment: the customer confirms, the risk officer approves less'(cast) {
    const { reviewer, riskOfficer, recorder } = cast
    const seen: Recorded[] = []
    const agent = startAgent(cast, { customer: 'mina', creditor: 'Northwind Energy', sum: 4200_00 })
    await tokenRequests(recorder, seen, 2)
    const page = await reviewer.open()
    check('a reviewer may not approve that much', () => {
      match(page.text, /You may approve up to 1,000.00 euro/)
      doesNotMatch(page.text, /\/approve"/)
    })
    await reviewer.decide('ask')
    const uri = await until(() => agent.said.map((line) => /https:\S+/.exec(line)?.[0]).find(Boolean))
    await confirm(cast, uri)
    seen.push(...recorder.take())
    const count = seen.filter(({ who }) => who === 'Agent').length
    await tokenRequests(recorder, seen, count + 1)
    const more = await riskOfficer.decide('approve', { amount: '5000' })
    check('nobody can approve more than was asked for', () => match(more.text, /never add any/))
    check('the desk shows that the customer confirmed', () => match(more.text, /Confirmed by the customer/))
    await riskOfficer.decide('approve', { amount: '1000', note: 'a part is enough' })
    deepStrictEqual(await agent.answer, { customer: 'mina', creditor: 'Northwind Energy', sum: 1000_00 })
    seen.push(...recorder.take())
    checkConversation(seen, [pending, '400 interaction_required', pending, granted])
    checkNotStored(seen)
    check('the agent was granted 1,000 of 4,200 euro', () => {
      match(agent.said.join('\n'), /Granted: 1,000.00 euro of the 4,200.00 euro/)
      match(agent.said.join('\n'), /"value":"1000.00"/)
    })
  },

  async 'A payment the customer does not want'(cast) {
    const { reviewer, recorder } = cast
    const seen: Recorded[] = []
    const agent = startAgent(cast, { customer: 'samuel', creditor: 'Lottery Ltd', sum: 900_00 })
    await tokenRequests(recorder, seen, 1)
    await reviewer.decide('ask')
    const uri = await until(() => agent.said.map((line) => /https:\S+/.exec(line)?.[0]).find(Boolean))
    const browser = createBrowser(recorder.fetchAs('Customer'))
    const door = await browser.open(uri)
    const question = await browser.submit(door, '/sign-in', { account: 'samuel', password: 'anything' })
    expectPage(await browser.submit(question, '/no'), 'It will not happen')
    equal(await agent.answer, undefined)
    seen.push(...recorder.take())
    checkConversation(seen, [pending, '400 interaction_required', '400 access_denied'])
  },

  async 'A payment nobody needs to look at'(cast) {
    const agent = startAgent(cast, { customer: 'mina', creditor: 'Post office', sum: 12_50 })
    deepStrictEqual(await agent.answer, { customer: 'mina', creditor: 'Post office', sum: 12_50 })
    checkConversation(cast.recorder.take(), [granted])
  },
}
