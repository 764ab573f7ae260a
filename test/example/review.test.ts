import {
  allowInsecureRequests,
  ClientSecretBasic,
  discovery,
  genericGrantRequest,
  getDPoPHandle,
  randomDPoPKeyPair,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../example-app/headless/browser.js'
import { createCustomer } from '../../example-app/headless/people.js'
import { agentClient } from '../../example-app/provider/clients.js'
import { isLess, paymentOf, paymentsResource } from '../../example-app/provider/payment.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { paymentAsked } from './payments.js'

const payment = (value = '4200.00', others: object = {}) => ({
  type: 'payment',
  customer: 'mina',
  creditor: 'Northwind Energy',
  amount: { currency: 'EUR', value },
  ...others,
})

describe('what nobody gets without a review', () => {
  let bank: Bank

  beforeAll(async () => {
    bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], deferral: { interval: 60 } })
  })
  afterAll(() => bank.stop())

  async function ask(parameters: Record<string, string>): Promise<Record<string, unknown>> {
    const { id, secret } = agentClient
    const execute = [allowInsecureRequests]
    const op = await discovery(new URL(bank.provider.issuer), id, secret, ClientSecretBasic(secret), { execute })
    const DPoP = getDPoPHandle(op, await randomDPoPKeyPair())
    const answer = genericGrantRequest(op, 'client_credentials', { scope: 'payments', ...parameters }, { DPoP })
    return answer.catch((error) => error.cause)
  }
  const withDetails = (...details: object[]) => ({
    resource: paymentsResource,
    authorization_details: JSON.stringify(details),
  })

  test.each([
    ['a payment', withDetails(payment())],
    ['payments without a limit', { resource: paymentsResource }],
    ['payments at no resource', {}],
  ])('an agent that does not offer to wait: %s', async (_, parameters) => {
    expect(await ask(parameters)).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('completion_mode=deferred'),
    })
  })

  test('payments without a limit, by an agent that waits, are for reviewers', async () => {
    const answer = await ask({ resource: paymentsResource, completion_mode: 'deferred' })
    expect(answer).toMatchObject({ error: 'authorization_pending' })
  })

  test.each([
    ['two at a time', [payment(), payment()]],
    ['of nobody', [payment('1.00', { customer: 'nobody' })]],
    ['with more than we understand', [payment('1.00', { urgent: true })]],
    ['of nothing', [payment('0.00')]],
    ['of less than nothing', [payment('-1.00')]],
    ['in other words', [payment('1e3')]],
  ])('refuses payments %s', async (_, details) => {
    const answer = await ask({ ...withDetails(...details), completion_mode: 'deferred' })
    expect(answer).toMatchObject({ error: 'invalid_authorization_details' })
  })

  test('a payment above 1,000 euro by one reviewer, not even with a form of their own', async () => {
    const id = await paymentAsked(bank)
    const desk = createBrowser(fetch)
    await desk.submit(await desk.open(bank.origins.desk), '/sign-in', { reviewer: 'robin', password: 'harbour' })
    const url = `${bank.origins.desk}/requests/deferrals/${id}`
    const page = await desk.open(url)
    const form = { 'detail-0-amount': '900', by: 'kim', confirmed: 'yes' }
    const first = await desk.submit(page, '/approve', form)
    const second = await desk.submit(page, '/approve', form)
    expect([first.status, second.status]).toEqual([200, 409])
    const deferral = await bank.provider.deferrals.get(id)
    expect(deferral).toMatchObject({ status: 'pending', quorum: 2, votes: [{ by: 'robin' }] })
    expect(deferral?.votes).toHaveLength(1)
  })

  test.each([
    ['payments without a limit', { resource: paymentsResource }, 2, 'Payments without a limit'],
    ['a payment of 1,000.01 euro', withDetails(payment('1000.01')), 2, '1,000.01 euro to Northwind Energy'],
    ['a payment of 1,000 euro', withDetails(payment('1000.00')), 1, '1,000.00 euro to Northwind Energy'],
  ])('%s: so many people have to approve', async (_, parameters, quorum, title) => {
    await ask({ ...parameters, completion_mode: 'deferred' })
    const { deferrals } = await bank.provider.deferrals.list({ limit: 1 })
    expect(deferrals).toMatchObject([{ quorum, title, queue: 'payments', dueAt: expect.any(Date) }])
  })
})

describe('a sign-in by a website that does not offer to wait', () => {
  const impatient: typeof fetch = (input, init) => {
    const url = new URL(String(input))
    url.searchParams.delete('completion_mode')
    if (init?.body instanceof URLSearchParams) init.body.delete('completion_mode')
    return fetch(url, init)
  }
  const recorder = { fetchAs: () => impatient, take: () => [] }
  let bank: Bank

  beforeAll(async () => {
    bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], fetch: impatient })
  })
  afterAll(() => bank.stop())

  test('is refused when it would have been reviewed', async () => {
    const page = await createCustomer(bank, recorder, 'samuel').signIn('Something went wrong')
    expect(page.text).not.toContain('You are signed in')
  })

  test('works when nobody would have looked', async () => {
    await createCustomer(bank, recorder, 'alex').signIn('You are signed in')
  })
})

test.each([
  ['the same', payment(), true],
  ['a cent less', payment('4199.99'), true],
  ['a cent more', payment('4200.01'), false],
  ['to somebody else', payment('1.00', { creditor: 'Elsewhere' }), false],
  ['from somebody else', payment('1.00', { customer: 'alex' }), false],
  ['nothing', payment('0'), false],
  ['in another currency', payment('1.00', { amount: { currency: 'USD', value: '1.00' } }), false],
])('what is no more than 4,200 euro: %s', (_, granted, expected) => {
  expect(isLess(payment(), granted)).toBe(expected)
  expect(paymentOf(payment())?.sum).toBe(4200_00)
})
