import { deepStrictEqual, doesNotMatch, equal, match } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askForPayment } from '../agent/payment_agent.js'
import type { Payment } from '../provider/payment.js'
import { createBrowser, type Shown } from './browser.js'
import type { Cast, Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, expectPage, pending } from './expect.js'
import type { Recorded } from './recorder.js'
import { tokenRequests, until } from './waiting.js'

const tokensWithDetails = '200 access_token authorization_details expires_in scope token_type'

function startAgent({ bank, recorder }: Cast, payment: Payment) {
  const sentences: string[] = []
  const answer = askForPayment({
    issuer: bank.provider.issuer,
    payment,
    file: join(tmpdir(), `harbour_${randomUUID()}.json`),
    fetch: recorder.fetchAs('Agent'),
    say(sentence) {
      sentences.push(sentence)
      console.log(`\n  the agent says: ${sentence}`)
    },
  })
  return { sentences, answer }
}

/** First another customer opens the link. Then Mina opens it and confirms. */
async function confirm({ recorder }: Cast, uri: string): Promise<void> {
  const browser = createBrowser(recorder.fetchAs('Customer'))
  const signIn = (page: Shown, account: string) => browser.submit(page, '/sign-in', { account, password: 'anything' })
  const door = expectPage(await browser.open(uri), 'Sign in')
  check('nobody reads about the request before signing in', () => doesNotMatch(door.text, /Northwind/))
  const stranger = expectPage(await signIn(door, 'alex'), 'This is not for you')
  check('another customer reads nothing about it', () => doesNotMatch(stranger.text, /Northwind/))
  const again = expectPage(await browser.submit(stranger, '/sign-out'), 'Sign in')
  const question = expectPage(await signIn(again, 'mina'), 'Did you ask for this?')
  check('the customer reads which client asks for which payment', () =>
    match(question.text, /Ledger[\s\S]*4,200.00 euro[\s\S]*Northwind/),
  )
  expectPage(await browser.submit(question, '/yes'), 'Thank you')
  expectPage(await browser.submit(question, '/yes'), 'This question is closed')
}

/** An agent asks for a payment: the oauth profile with client_credentials and authorization_details. */
export const paymentScenarios: Scenarios = {
  async 'A payment: the customer confirms, the risk officer approves a part'(cast) {
    const { reviewer, riskOfficer, recorder } = cast
    const exchanges: Recorded[] = []
    const agent = startAgent(cast, { customer: 'mina', creditor: 'Northwind Energy', sum: 4200_00 })
    await tokenRequests(recorder, exchanges, 2)
    const page = await reviewer.open()
    check('the reviewer may not approve that amount', () => {
      match(page.text, /You may approve up to 1,000.00 euro/)
      doesNotMatch(page.text, /\/approve"/)
    })
    await reviewer.decide('ask')
    const uri = await until(() => agent.sentences.map((line) => /https:\S+/.exec(line)?.[0]).find(Boolean))
    await confirm(cast, uri)
    exchanges.push(...recorder.take())
    const count = exchanges.filter(({ who }) => who === 'Agent').length
    await tokenRequests(recorder, exchanges, count + 1)
    const more = await riskOfficer.decide('approve', { amount: '5000' })
    check('nobody can approve more than the agent asked for', () => match(more.text, /never add any/))
    check('the desk shows that the customer confirmed', () => match(more.text, /Confirmed by the customer/))
    await riskOfficer.decide('approve', { amount: '1000', note: 'a part is enough' })
    deepStrictEqual(await agent.answer, { customer: 'mina', creditor: 'Northwind Energy', sum: 1000_00 })
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [pending, '400 interaction_required', pending, tokensWithDetails])
    checkNotStored(exchanges)
    check('the agent was granted 1,000 of 4,200 euro', () => {
      match(agent.sentences.join('\n'), /Granted: 1,000.00 euro of the 4,200.00 euro/)
      match(agent.sentences.join('\n'), /"value":"1000.00"/)
    })
  },

  async 'A payment that the customer refuses'(cast) {
    const { reviewer, recorder } = cast
    const exchanges: Recorded[] = []
    const agent = startAgent(cast, { customer: 'samuel', creditor: 'Lottery Ltd', sum: 900_00 })
    await tokenRequests(recorder, exchanges, 1)
    await reviewer.decide('ask')
    const uri = await until(() => agent.sentences.map((line) => /https:\S+/.exec(line)?.[0]).find(Boolean))
    const browser = createBrowser(recorder.fetchAs('Customer'))
    const door = await browser.open(uri)
    const question = await browser.submit(door, '/sign-in', { account: 'samuel', password: 'anything' })
    expectPage(await browser.submit(question, '/no'), 'You refused the request')
    equal(await agent.answer, undefined)
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [pending, '400 interaction_required', '400 access_denied'])
  },

  async 'A small payment, without a review'(cast) {
    const agent = startAgent(cast, { customer: 'mina', creditor: 'Post office', sum: 12_50 })
    deepStrictEqual(await agent.answer, { customer: 'mina', creditor: 'Post office', sum: 12_50 })
    checkConversation(cast.recorder.take(), [tokensWithDetails])
  },
}
