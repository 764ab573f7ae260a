import { describe, expect, test } from 'vitest'
import { revisionIn, type TestDesk } from './desk.js'
import { useReview } from './use_review.js'

const payment = (amount: string) => ({ type: 'payment', instructedAmount: { amount, currency: 'EUR' } })

describe('a request', () => {
  let desk: TestDesk
  let id: string
  const { page, revision, deferral, decide } = useReview((review) => {
    ;({ desk, id } = review)
  })

  test('is approved as the form says, after a page that asks once more', async () => {
    const form = [
      ['revision', await revision()],
      ['offered', 'scope'],
      ['scope', '0'],
      ['scope', '1'],
      ['note', 'looks good'],
    ] as [string, string][]
    const asked = await desk.post(`deferrals/${id}/approve`, new URLSearchParams(form))
    const html = await asked.text()
    expect([asked.status, (await deferral()).status]).toEqual([200, 'pending'])
    expect(html).toContain('Approve this request?')
    expect(html).toContain('less than it asked for')
    const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
    const confirmed = new URLSearchParams(fields.map(([, name = '', value = '']): [string, string] => [name, value]))
    const answer = await desk.post(`deferrals/${id}/approve`, confirmed)
    expect(answer.status).toBe(303)
    const { status, decision } = await deferral()
    expect([status, decision]).toEqual([
      'approved',
      { by: 'kim', scope: ['openid', 'email'], note: 'looks good', at: expect.any(Date) },
    ])
    const done = await desk.get(answer.headers.get('location')!.replace('../', 'deferrals/'))
    expect(await done.text()).toContain('You approved this request.')
  })

  test('is approved in part: resources and details too', async () => {
    const other = await desk.add({
      resource: ['https://api.example', 'https://pay.example'],
      authorizationDetails: [payment('1'), payment('2')],
    })
    const form = [
      ['revision', await revision('kim', other)],
      ['offered', 'resource'],
      ['resource', '1'],
      ['offered', 'details'],
      ['details', '1'],
      ['resource', 'https://api.example'],
      ['details', '7'],
    ] as [string, string][]
    expect((await decide('approve', form, 'kim', other)).status).toBe(303)
    const { decision } = await deferral(other)
    expect([decision?.resource, decision?.authorizationDetails, decision?.scope]).toEqual([
      ['https://pay.example'],
      [payment('2')],
      undefined,
    ])
  })

  test('is not approved when nothing is left to grant', async () => {
    const other = await desk.add({ scope: ['email'], profile: 'oauth' })
    const form = [
      ['revision', await revision('kim', other)],
      ['offered', 'scope'],
    ] as [string, string][]
    const answer = await decide('approve', form, 'kim', other)
    expect([answer.status, (await deferral(other)).status]).toEqual([422, 'pending'])
    expect(await answer.text()).toContain('the decision leaves nothing to grant')
  })

  test('is refused with a reason for the client and a note for colleagues', async () => {
    const seen = await revision()
    expect((await decide('deny', { revision: seen, note: 'only a note' })).status).toBe(400)
    expect((await deferral()).status).toBe('pending')
    const answer = await decide('deny', { revision: seen, reason: 'Please call us', note: 'odd document' })
    expect(answer.status).toBe(303)
    expect((await deferral()).decision).toMatchObject({
      by: 'kim',
      description: 'Please call us',
      note: 'odd document',
    })
  })

  test('that was approved is taken back while the client has not collected its tokens', async () => {
    await desk.op.provider.deferrals.approve(id, { by: 'robin' })
    expect(await page()).toContain('Take the approval back')
    expect((await decide('cancel', { revision: await revision() })).status).toBe(303)
    expect(await deferral()).toMatchObject({ status: 'cancelled', cancelledBy: 'kim' })
    const html = await page()
    expect(html).not.toContain('Take the approval back')
    const late = await decide('cancel', { revision: revisionIn(html) })
    expect(late.status).toBe(409)
  })

  test('an action says what came of it once it is true, and a link cannot make it say so', async () => {
    for (const done of ['approved', 'denied', 'commented', 'constructor', '__proto__', 'Call 555 0100']) {
      const html = await (await desk.get(`deferrals/${id}?${new URLSearchParams({ done })}`)).text()
      expect([done, html.includes('role="status"'), html.includes('555 0100')]).toEqual([done, false, false])
    }
  })
})
