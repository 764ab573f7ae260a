import { bodyParser } from '@koa/bodyparser'
import Koa from 'koa'
import mount from 'koa-mount'
import type { JsonObject } from 'oidc-provider-deferred'
import { type ConsoleOptions, createConsole } from 'oidc-provider-deferred/console'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { authenticate, revisionIn, startDesk, type TestDesk } from './desk.js'

const payment = (amount: string, others: JsonObject = {}) => ({
  type: 'payment',
  amount,
  creditor: 'Northwind',
  ...others,
})
const configuration = { features: { richAuthorizationRequests: richAuthorizationRequests(() => {}) } }
const isLess = (requested: JsonObject, granted: JsonObject) =>
  Number(granted.amount) <= Number(requested.amount) && granted.creditor === requested.creditor

const options: Partial<ConsoleOptions> = {
  texts: {
    detail: ({ amount, creditor }) => ({ label: `${amount} to ${creditor}`, facts: [['Sum', `${amount} euro`]] }),
  },
  details: {
    payment: {
      fields: ({ amount }) => [{ name: 'amount', label: 'Amount', value: String(amount), type: 'decimal' }],
      apply(detail, { amount = '' }) {
        if (!/^\d+$/.test(amount)) throw new RangeError('the amount must be a number')
        return { ...detail, amount }
      },
    },
  },
}

// a body parser that takes names with dots and brackets apart
const byParser = (desk: Koa, path: string) => new Koa().use(bodyParser()).use(mount(path, desk)).callback()

describe.each([
  ['a console', undefined],
  ['a console after a body parser', byParser],
])('one authorization detail at %s', (_, by) => {
  let desk: TestDesk
  let id: string

  beforeAll(async () => {
    desk = await startDesk(options, { configuration, deferred: { narrow: { payment: isLess } }, ...(by && { by }) })
  })
  afterAll(() => desk.close())
  beforeEach(async () => {
    id = await desk.add({ authorizationDetails: [payment('4200'), payment('12', { creditor: 'Post office' })] })
  })

  const page = async () => (await desk.get(`deferrals/${id}`)).text()
  const decision = async () => (await desk.op.provider.deferrals.get(id))?.decision
  const form = async (fields: Record<string, string>, ticked = ['0', '1']) => {
    const values = new URLSearchParams({ revision: revisionIn(await page()), offered: 'details', ...fields })
    for (const place of ticked) values.append('details', place)
    return values
  }
  const approve = async (fields: Record<string, string>, ticked?: string[]) =>
    desk.post(`deferrals/${id}/approve`, await form({ confirmed: 'yes', ...fields }, ticked))

  test('is shown in the words of the integrator, with an input for its value', async () => {
    const html = await page()
    expect(html).toContain('<dt>Sum</dt><dd><bdi>4200 euro</bdi></dd>')
    expect(html).toContain('<small><bdi>12 to Post office</bdi></small>')
    expect(html).toMatch(/<label for="detail-1-amount">Amount <span class="optional">asked for: 12<\/span><\/label>/)
    expect(html).toMatch(
      /<input id="detail-0-amount" name="detail-0-amount" type="text" inputmode="decimal"[^>]* value="4200"/,
    )
  })

  test('is granted in part, after a page that says so', async () => {
    const fields = { 'detail-0-amount': '1000', 'detail-1-amount': '12' }
    const question = await (await desk.post(`deferrals/${id}/approve`, await form(fields))).text()
    expect(question).toContain('It gets less than it asked for, only this:')
    expect(question).toMatch(/Payment: 1000 to Northwind<[\s\S]*Payment: 12 to Post office</)
    const hidden = [...question.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
    const confirmed = new URLSearchParams(hidden.map(([, name = '', value = '']): [string, string] => [name, value]))
    expect((await desk.post(`deferrals/${id}/approve`, confirmed)).status).toBe(303)
    expect((await decision())?.authorizationDetails).toEqual([
      payment('1000'),
      payment('12', { creditor: 'Post office' }),
    ])
    expect(await page()).toContain('<bdi>1000 to Northwind</bdi>')
  })

  test('is granted as it is when nothing was changed', async () => {
    expect((await approve({ 'detail-0-amount': ' 4200 ', 'detail-1-amount': '12' })).status).toBe(303)
    expect(await decision()).not.toHaveProperty('authorizationDetails')
  })

  test('that is not ticked is not granted, whatever its input says', async () => {
    expect((await approve({ 'detail-0-amount': 'much', 'detail-1-amount': '7' }, ['1'])).status).toBe(303)
    expect((await decision())?.authorizationDetails).toEqual([payment('7', { creditor: 'Post office' })])
  })

  test.each([
    ['more than was asked for', '4201', 'nobody can approve more than the client asked for'],
    ['what is no value', 'much', 'the amount must be a number'],
    ['nothing', '', 'the amount must be a number'],
  ])('is not granted with %s: nothing is decided, and what was typed stays', async (_what, amount, message) => {
    const answer = await approve({ 'detail-0-amount': amount })
    const html = await answer.text()
    expect([answer.status, await decision()]).toEqual([422, undefined])
    expect(html).toContain(`<strong>Nothing changed:</strong> <bdi>${message}</bdi>.`)
    expect(html).toContain(`value="${amount}" data-asked="4200"`)
  })

  test('a value that cannot be says so before the question too', async () => {
    const answer = await desk.post(`deferrals/${id}/approve`, await form({ 'detail-0-amount': 'much' }))
    expect([answer.status, (await answer.text()).includes('the amount must be a number')]).toEqual([422, true])
  })

  test('no field of a form reaches another member', async () => {
    await approve({ 'detail-0-creditor': 'Elsewhere', 'detail-0-amount': '1', 'detail-0-__proto__': 'x' })
    expect((await decision())?.authorizationDetails?.[0]).toEqual(payment('1'))
  })
})

describe('a value of the client', () => {
  test('is cleaned for display, and granted as the client sent it when it is left alone', async () => {
    const creditor = `North\u202ewind <b>"x"</b>`
    const own: Partial<ConsoleOptions> = {
      details: {
        payment: {
          fields: ({ creditor }) => [{ name: 'creditor', label: String(creditor), value: String(creditor) }],
          apply: (detail, { creditor = '' }) => ({ ...detail, creditor }),
        },
      },
    }
    const desk = await startDesk(own, { configuration })
    const id = await desk.add({ authorizationDetails: [payment('1', { creditor })] })
    const html = await (await desk.get(`deferrals/${id}`)).text()
    expect(html).not.toContain('\u202e')
    expect(html).not.toContain('<b>')
    const values = { revision: revisionIn(html), offered: 'details', details: '0', confirmed: 'yes' }
    const shown = { 'detail-0-creditor': `North\ufffdwind <b>"x"</b>` }
    expect((await desk.post(`deferrals/${id}/approve`, { ...values, ...shown })).status).toBe(303)
    expect((await desk.op.provider.deferrals.get(id))?.decision).not.toHaveProperty('authorizationDetails')
    await desk.close()
  })

  test.each(['constructor', '__proto__', 'toString'])('of the type %s finds no editor', async (type) => {
    const desk = await startDesk(options, { configuration })
    const id = await desk.add({ authorizationDetails: [{ type, amount: '1' }] })
    const answer = await desk.get(`deferrals/${id}`)
    expect([answer.status, (await answer.text()).includes('detail-0-')]).toEqual([200, false])
    await desk.close()
  })
})

describe('the option details', () => {
  test.each([
    [[], 'details must be an object'],
    [{ payment: () => {} }, 'details.payment must be an object'],
    [{ payment: { fields: () => [] } }, 'details.payment.apply is missing'],
    [{ payment: { fields: 'amount', apply: () => ({}) } }, 'details.payment.fields must be a function'],
  ])('refuses %j', async (details, message) => {
    const { op, close } = await startDesk()
    expect(() => createConsole(op.provider, { authenticate, details } as never)).toThrow(`createConsole: ${message}`)
    await close()
  })
})
