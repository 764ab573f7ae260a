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

/** The answer with tokens for a payment. */
export const tokensWithDetails = '200 access_token authorization_details expires_in scope token_type'

/** Starts an agent that asks for this payment, and waits. */
export function startAgent({ bank, recorder }: Cast, payment: Payment) {
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
  async 'A payment: the customer confirms, two people approve a part'(cast) {
    const { reviewer, riskOfficer, recorder } = cast
    const exchanges: Recorded[] = []
    const agent = startAgent(cast, { customer: 'mina', creditor: 'Northwind Energy', sum: 4200_00 })
    await tokenRequests(recorder, exchanges, 2)
    const page = await reviewer.open()
    check('the desk says that two people have to approve, and when', () => {
      match(page.text, /due in[\s\S]*0 of 2 approvals[\s\S]*May still approve: you, Kim Osei/)
    })
    await reviewer.decide('interaction')
    const uri = await until(() => agent.sentences.map((line) => /https:\S+/.exec(line)?.[0]).find(Boolean))
    await confirm(cast, uri)
    exchanges.push(...recorder.take())
    const voted = await reviewer.approve({ note: 'the contract is on file' })
    check('one approval decides nothing, and the reviewer may take it back', () => {
      match(
        voted.text,
        /More people have to approve[\s\S]*1 of 2 approvals[\s\S]*Robin Hale<\/strong> approved[\s\S]*May still approve: Kim Osei/,
      )
      match(voted.text, /\/unvote"/)
      doesNotMatch(voted.text, /\/approve"/)
    })
    const count = exchanges.filter(({ who }) => who === 'Agent').length
    await tokenRequests(recorder, exchanges, count + 1)
    const more = await riskOfficer.approve({ amount: '5000' })
    check('nobody can approve more than the agent asked for', () =>
      match(more.text, /nobody can approve more than the client asked for/),
    )
    check('the desk shows that the customer confirmed', () => match(more.text, /Confirmed by the customer/))
    const decided = await riskOfficer.approve({ amount: '1000', note: 'a part is enough' })
    check('the second approval decides', () =>
      match(
        decided.text,
        /You approved this request[\s\S]*Robin Hale, Kim Osei[\s\S]*1,000.00 euro to Northwind Energy/,
      ),
    )
    deepStrictEqual(await agent.answer, { customer: 'mina', creditor: 'Northwind Energy', sum: 1000_00 })
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [pending, '400 interaction_required', pending, tokensWithDetails])
    checkNotStored(exchanges)
    check('the agent was granted the smaller amount, 1,000 of 4,200 euro', () => {
      match(agent.sentences.join('\n'), /Granted: 1,000.00 euro of the 4,200.00 euro/)
      match(agent.sentences.join('\n'), /"value":"1000.00"/)
    })
    check('the client reads nothing about the people and their votes', () => {
      for (const { text } of exchanges.filter(({ who }) => who === 'Agent'))
        doesNotMatch(text, /robin|Robin|quorum|contract is on file/)
    })
  },

  async 'A payment: one approval is withdrawn, and a colleague refuses'(cast) {
    const { reviewer, riskOfficer, recorder, advance } = cast
    const exchanges: Recorded[] = []
    const agent = startAgent(cast, { customer: 'mina', creditor: 'Lakeside Motors', sum: 18_000_00 })
    await tokenRequests(recorder, exchanges, 1)
    await reviewer.approve()
    const withdrawn = await reviewer.decide('unvote')
    check('the approval is gone from the count, and stays in the history', () => {
      match(withdrawn.text, /You withdrew your approval[\s\S]*0 of 2 approvals[\s\S]*May still approve: you, Kim Osei/)
      match(
        withdrawn.text,
        /Approval<\/strong> by <bdi>Robin Hale[\s\S]*Approval withdrawn<\/strong> by <bdi>Robin Hale/,
      )
    })
    await reviewer.approve({ amount: '9000' })
    console.log('\n  (an hour passes)')
    advance(60 * 60)
    const overdue = await until(async () => {
      const page = await riskOfficer.open()
      return /Overdue<\/strong>/.test(page.text) ? page : undefined
    })
    check('the desk shows that it is overdue, with one approval of two', () =>
      match(overdue.text, /overdue by[\s\S]*1 of 2 approvals[\s\S]*9,000.00 euro to Lakeside Motors/),
    )
    await riskOfficer.decide('deny', { reason: 'The recipient is not known' })
    equal(await agent.answer, undefined)
    exchanges.push(...recorder.take())
    checkConversation(exchanges, [pending, '400 access_denied'])
    check('one refusal is enough, and the agent reads the reason', () =>
      match(agent.sentences.join('\n'), /Refused: The recipient is not known/),
    )
  },

  async 'A payment that the customer refuses'(cast) {
    const { reviewer, recorder } = cast
    const exchanges: Recorded[] = []
    const agent = startAgent(cast, { customer: 'samuel', creditor: 'Lottery Ltd', sum: 900_00 })
    await tokenRequests(recorder, exchanges, 1)
    await reviewer.decide('interaction')
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
