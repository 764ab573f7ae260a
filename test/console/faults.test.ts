import type { Adapter } from 'oidc-provider'
import { expect, test } from 'vitest'
import { authenticate, mountRecordingErrors, revisionIn, startDesk } from './desk.js'

const secret = () => {
  throw new TypeError('database: the password is hunter2')
}

test.each([
  ['interactionUri', { interactionUri: secret }, 'interaction', {}],
  ['operators', { operators: secret }, 'assign', { to: 'robin' }],
] as const)('a TypeError of %s is a fault, and no mistake of the operator', async (_, options, verb, form) => {
  const faults: unknown[] = []
  const desk = await startDesk({ ...options }, { by: mountRecordingErrors(faults) })
  const id = await desk.add({ profile: 'oauth' })
  const answer = await desk.post(`deferrals/${id}/${verb}`, form)
  expect([answer.status, (await answer.text()).includes('hunter2')]).toEqual([500, false])
  expect(faults).toEqual([new TypeError('database: the password is hunter2')])
  const json = { cookie: 'staff=kim', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
  const path = verb === 'interaction' ? 'require-interaction' : verb
  const url = `${desk.url}api/deferrals/${id}/${path}`
  const call = await fetch(url, { method: 'POST', headers: json, body: JSON.stringify(form) })
  expect([call.status, (await call.text()).includes('hunter2')]).toEqual([500, false])
  await desk.close()
})

test('the checks of the back office are told to the operator', async () => {
  const desk = await startDesk()
  const id = await desk.add({ profile: 'oauth' })
  const sent: [string, Record<string, string>, string][] = [
    ['interaction', { uri: 'http://plain.example/' }, 'requireInteraction: uri must'],
    ['comment', { text: 'x'.repeat(2001) }, 'comment: text must'],
    ['progress', { step: 'x'.repeat(101) }, 'progress: step must'],
    ['progress', { step: 'x', position: '-1' }, 'position must be a whole number above zero'],
    ['extend', { hours: '99999999' }, 'extend: expiresIn must'],
    ['assign', { to: 'nobody' }, 'assign: to must'],
  ]
  for (const [verb, form, words] of sent) {
    const answer = await desk.post(`deferrals/${id}/${verb}`, form)
    expect([verb, answer.status, (await answer.text()).includes(words)]).toEqual([verb, 400, true])
  }
  await desk.close()
})

test('a mayDecide that throws for one request lets nobody decide it, and hides no other one', async () => {
  const faults: unknown[] = []
  const mayDecide: Parameters<typeof startDesk>[0] = {
    mayDecide: (_, { title }) => title?.startsWith('odd') !== true || secret(),
  }
  const desk = await startDesk(mayDecide, { by: mountRecordingErrors(faults) })
  const odd = await desk.add({ title: 'odd one' })
  const plain = await desk.add({ title: 'plain one' })
  const queue = await (await desk.get()).text()
  expect([queue.includes('odd one'), queue.includes('plain one')]).toEqual([true, true])
  expect(queue).toContain('title="whether you may decide this request could not be found out"')
  const page = await (await desk.get(`deferrals/${odd}`)).text()
  expect(page).toContain('Whether you may decide this request could not be found out')
  expect(page).not.toContain('data-confirm="confirm-approve"')
  const form = { confirmed: 'yes', revision: revisionIn(await (await desk.get(`deferrals/${plain}`)).text()) }
  expect((await desk.post(`deferrals/${odd}/approve`, form)).status).toBe(403)
  expect((await desk.op.provider.deferrals.get(odd))?.status).toBe('pending')
  const batch = await (await desk.get('batch')).text()
  expect([batch.includes('odd one'), batch.includes('plain one')]).toEqual([false, true])
  const answer = await fetch(`${desk.url}api/deferrals`, { headers: { cookie: 'staff=kim' } })
  const { deferrals } = (await answer.json()) as { deferrals: { id: string; mayDecide: boolean }[] }
  expect(Object.fromEntries(deferrals.map(({ id, mayDecide: may }) => [id, may]))).toEqual({
    [odd]: false,
    [plain]: true,
  })
  expect(faults.length).toBeGreaterThan(0)
  expect(faults.every((fault) => fault instanceof TypeError)).toBe(true)
  await desk.close()
})

test('a fault at one request of a batch keeps no other one from being decided', async () => {
  const faults: unknown[] = []
  const desk = await startDesk({}, { by: mountRecordingErrors(faults) })
  const ids = [await desk.add({ title: 'a' }), await desk.add({ title: 'b' }), await desk.add({ title: 'c' })]
  const html = await (await desk.get('batch')).text()
  const { deferrals } = desk.op.provider
  const deny = deferrals.deny.bind(deferrals)
  deferrals.deny = async (id, denial) => (id === ids[1] ? secret() : deny(id, denial))
  const form = new URLSearchParams({ verb: 'deny', reason: 'no' })
  for (const [, value = ''] of html.matchAll(/name="ticked" value="([^"]+)"/g)) form.append('ticked', value)
  const results = await (await desk.post('batch', form)).text()
  expect(results).toContain('<h1>2 of 3 done</h1>')
  expect(results).toContain('something went wrong on our side')
  expect(results).not.toContain('hunter2')
  expect(faults).toEqual([new TypeError('database: the password is hunter2')])
  await desk.close()
})

const throws = (value: unknown) => () => {
  throw value
}
const odd = (members: object) => throws(Object.assign(new Error('hunter2'), { expose: true, ...members }))

test.each([
  ['a text', throws('hunter2')],
  ['undefined', throws(undefined)],
  ['null', throws(null)],
  ['an error with a status that is none', odd({ status: 'abc' })],
  ['an error with a status above 599', odd({ status: 1000 })],
  ['an error with the status of a success', odd({ status: 204 })],
  ['an error that says nothing about its status', odd({})],
])('an authenticate that throws %s gets a page of the console, with its headers', async (_, fails) => {
  const faults: unknown[] = []
  let isFailing = false
  const options = {
    authenticate: (ctx: Parameters<typeof authenticate>[0]) => (isFailing ? fails() : authenticate(ctx)),
  }
  const desk = await startDesk(options, { by: mountRecordingErrors(faults) })
  isFailing = true
  for (const path of ['', 'api/deferrals']) {
    const answer = await desk.get(path)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([500, 'no-store'])
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const text = await answer.text()
    expect([text.toLowerCase().includes('something went wrong on our side'), text.includes('hunter2')]).toEqual([
      true,
      false,
    ])
  }
  expect(faults.map((fault) => fault instanceof Error)).toEqual([true, true])
  await desk.close()
})

test('a client whose registration the host does not accept any more is shown by its id, and hides no request', async () => {
  const desk = await startDesk({}, { configuration: { features: { registration: { enabled: true } } } })
  const { provider, origin } = desk.op
  const headers = { 'content-type': 'application/json' }
  const client = { redirect_uris: ['https://rp.example/cb'], client_name: 'Rent' }
  const answer = await fetch(`${origin}/reg`, { method: 'POST', headers, body: JSON.stringify(client) })
  const registration = (await answer.json()) as { client_id: string }
  await desk.add({ clientId: registration.client_id, title: 'of the client' })
  const adapter: Adapter = Reflect.get(provider.Client, 'adapter')
  await adapter.upsert(registration.client_id, { ...registration, redirect_uris: [] }, 60)
  const queue = await desk.get()
  expect(queue.status).toBe(200)
  expect(await queue.text()).toContain(`via <bdi>${registration.client_id}</bdi>`)
  await desk.close()
})
