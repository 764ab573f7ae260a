import { expect, test } from 'vitest'
import { type Request, startDesk, type TestDesk } from './desk.js'

const statusOf = async (desk: TestDesk, id: string) => (await desk.op.provider.deferrals.get(id))?.status

/** The values of the boxes on the page: id and revision. */
async function boxesOf(desk: TestDesk, query = ''): Promise<Map<string, string>> {
  const html = await (await desk.get(`batch${query}`)).text()
  const values = [...html.matchAll(/name="ticked" value="([^"]+)"/g)].map(([, value = '']) => value)
  return new Map(values.map((value) => [value.split(' ')[0] ?? '', value]))
}

function formOf(boxes: Map<string, string>, members: Record<string, string>, ids = [...boxes.keys()]): URLSearchParams {
  const form = new URLSearchParams(members)
  for (const id of ids) form.append('ticked', boxes.get(id) ?? id)
  return form
}

/** The words of each result. */
async function resultsOf(answer: Response): Promise<string[]> {
  const html = await answer.text()
  return [...html.matchAll(/<\/span> .*?: <bdi>([^<]*)<\/bdi><\/li>/g)].map(([, words = '']) => words)
}

const refusal = { verb: 'deny', reason: 'closed today' }
const approval = { verb: 'approve', confirmed: 'yes', note: 'seen' }

test('several are refused with one reason, each by a decision of its own', async () => {
  const desk = await startDesk()
  const ids = [await desk.add(), await desk.add({ scope: ['openid', 'email'] })]
  const answer = await desk.post('batch', formOf(await boxesOf(desk), { ...refusal, by: 'robin' }))
  expect([answer.status, await resultsOf(answer)]).toEqual([200, ['refused', 'refused']])
  for (const id of ids) {
    const deferral = await desk.op.provider.deferrals.get(id)
    expect(deferral).toMatchObject({ status: 'denied', decision: { by: 'kim', description: 'closed today' } })
  }
  await desk.close()
})

test('several are approved if they ask for the same thing', async () => {
  const desk = await startDesk()
  const ids = [await desk.add({ accountId: 'alex' }), await desk.add({ accountId: 'blake' })]
  const answer = await desk.post('batch', formOf(await boxesOf(desk), approval))
  expect(await resultsOf(answer)).toEqual(['approved', 'approved'])
  for (const id of ids) expect(await statusOf(desk, id)).toBe('approved')
  await desk.close()
})

const together: [string, Request, Record<string, string>, string][] = [
  ['another scope', { scope: ['openid', 'email'] }, approval, 'ask for different things'],
  ['other details', { authorizationDetails: [{ type: 'payment' }] }, approval, 'ask for different things'],
  ['other evidence', { context: { risk: 'high' } }, approval, 'ask for different things'],
  ['another client', { clientId: 'public' }, approval, 'ask for different things'],
  ['another kind', { profile: 'openid' }, refusal, 'several kinds'],
  ['no reason', {}, { verb: 'deny', reason: ' ' }, 'the client needs a reason'],
  ['no confirmation', {}, { verb: 'approve' }, 'tick that you have looked at them'],
]

test.each(together)(
  'nothing is decided with %s, and what was ticked and written stays',
  async (_, request, members, words) => {
    const desk = await startDesk()
    const ids = [await desk.add(), await desk.add(request)]
    const answer = await desk.post('batch', formOf(await boxesOf(desk), { ...members, note: 'my <note>' }))
    const html = await answer.text()
    expect(answer.status).toBe(422)
    expect(html).toContain(words)
    expect(html.match(/name="ticked" value="[^"]+" checked/g)?.length).toBe(2)
    expect(html).toContain('my &lt;note&gt;')
    for (const id of ids) expect(await statusOf(desk, id)).toBe('pending')
    await desk.close()
  },
)

test('one that changed, one that is decided, one that is none: the others are decided all the same', async () => {
  const desk = await startDesk()
  const [changed, decided, open] = [await desk.add(), await desk.add(), await desk.add()]
  const boxes = await boxesOf(desk)
  await desk.op.provider.deferrals.comment(changed, { by: 'robin', text: 'wait' })
  await desk.op.provider.deferrals.approve(decided, { by: 'robin' })
  const answer = await desk.post(
    'batch',
    formOf(boxes, refusal, [changed, decided, open, 'aaaaaaaaaaaaaaaaaaaaaa', 'x']),
  )
  const html = await answer.clone().text()
  expect(html).toContain('<h1>1 of 5 done</h1>')
  expect(html).toContain('aaaaaaaaaaaaaaaaaaaaaa: <bdi>there is no such request</bdi>')
  const again = 'it has changed meanwhile: look at it again'
  expect((await resultsOf(answer)).slice(0, 3)).toEqual([again, again, 'refused'])
  expect(await Promise.all([changed, decided, open].map((id) => statusOf(desk, id)))).toEqual([
    'pending',
    'approved',
    'denied',
  ])
  await desk.close()
})

test('a batch is a vote where a quorum is needed', async () => {
  const desk = await startDesk()
  const id = await desk.add({ quorum: 2 })
  const answer = await desk.post('batch', formOf(await boxesOf(desk), approval))
  expect(await resultsOf(answer)).toEqual(['your approval counts, others have to follow'])
  expect(await statusOf(desk, id)).toBe('pending')
  await desk.close()
})

test('only what one may read and decide is offered, in the filter, and decided', async () => {
  const desk = await startDesk({
    mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'robin',
    mayDecide: (_, { queue }) => (queue === 'risk' ? 'a risk officer decides this' : true),
  })
  const [secret, risk, open] = [
    await desk.add({ queue: 'secret' }),
    await desk.add({ queue: 'risk' }),
    await desk.add(),
  ]
  expect([...(await boxesOf(desk)).keys()]).toEqual([open])
  expect((await boxesOf(desk, '?queue=risk')).size).toBe(0)
  const answer = await desk.post('batch', formOf(new Map(), refusal, [secret, risk]))
  expect(await resultsOf(answer)).toEqual(['there is no such request', 'a risk officer decides this'])
  for (const id of [secret, risk]) expect(await statusOf(desk, id)).toBe('pending')
  await desk.close()
})

test('a forged form, a stranger, too many, and no verb decide nothing', async () => {
  const desk = await startDesk()
  const id = await desk.add()
  const form = formOf(await boxesOf(desk), refusal)
  expect((await desk.post('batch', form, 'kim', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await desk.post('batch', form, '')).status).toBe(401)
  expect((await desk.post('batch', formOf(new Map(), { verb: 'cancel' }, [id]))).status).toBe(400)
  const many = Array.from({ length: 51 }, () => id)
  expect((await desk.post('batch', formOf(new Map(), refusal, many))).status).toBe(400)
  expect((await desk.post('batch', formOf(new Map(), refusal, []))).status).toBe(422)
  expect(await statusOf(desk, id)).toBe('pending')
  await desk.close()
})
