import { deepStrictEqual, doesNotMatch, equal } from 'node:assert/strict'
import { type PolicyService, policyService } from 'oidc-provider-deferred/testing'
import type { Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, pending } from './expect.js'
import { startAgent, tokensWithDetails } from './payment_scenarios.js'

/** The bank's policy: small payments are permitted, lotteries are never paid, and somebody has to approve everything else. */
export function bankPolicy(): Promise<PolicyService> {
  return policyService(({ action: { properties } }) => {
    const { cents = Number.POSITIVE_INFINITY, creditor = '' } = Object(properties)
    if (/lottery/i.test(creditor)) return 'deny'
    return cents <= 50_00 ? 'permit' : 'request'
  })
}

/** A policy decision point decides about the agent's payments, and its access request service has an approver. */
export const policyScenarios = ({ access, questions }: PolicyService): Scenarios => ({
  async 'A payment that the policy lets somebody approve'(cast) {
    access.script = ['wait', 'approve']
    const payment = { customer: 'mina', creditor: 'Northwind Energy', sum: 4200_00 }
    deepStrictEqual(await startAgent(cast, payment).answer, payment)
    const exchanges = cast.recorder.take()
    checkConversation(exchanges, [pending, tokensWithDetails])
    checkNotStored(exchanges)
    check('the policy was asked when the agent asked, after the approval, and when the tokens were minted', () =>
      deepStrictEqual(
        questions.map(({ context }) => context.approval !== undefined),
        [false, true, true],
      ),
    )
    check('access was requested once', () => equal(access.list.length, 1))
    check('the client reads nothing about the request and its approval', () => {
      for (const { text } of exchanges) doesNotMatch(text, /arq_|apr_|ev_|approv|four-eyes/)
    })
  },

  async 'A payment that its approver refuses'(cast) {
    access.script = 'deny'
    const { answer } = startAgent(cast, { customer: 'samuel', creditor: 'Lakeside Motors', sum: 18_000_00 })
    equal(await answer, undefined)
    checkConversation(cast.recorder.take(), [pending, '400 access_denied'])
  },

  async 'A payment that the policy forbids, and one that it permits'(cast) {
    const { answer } = startAgent(cast, { customer: 'samuel', creditor: 'Lottery Ltd', sum: 20_00 })
    equal(await answer, undefined)
    const small = { customer: 'mina', creditor: 'Post office', sum: 12_50 }
    deepStrictEqual(await startAgent(cast, small).answer, small)
    checkConversation(cast.recorder.take(), ['400 invalid_authorization_details', tokensWithDetails])
    check('nothing waits', () => equal(access.list.length, 2))
  },
})
