import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDesk, type TestDesk } from '../desk.js'
import { type CheckedApi, checkedApi } from './checked_api.js'

let desk: TestDesk
let api: CheckedApi
let open: string
let secret: string

beforeAll(async () => {
  desk = await startDesk({
    mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'kim',
    mayDecide: (operator, { queue }) =>
      queue === 'risk' && operator.id !== 'kim' ? 'a risk officer decides this' : true,
  })
  api = await checkedApi(desk)
  open = await desk.add({ queue: 'risk' })
  secret = await desk.add({ queue: 'secret' })
})
afterAll(() => desk.close())

const pathsOf = (id: string) =>
  Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method === 'get' ? 'get' : 'post', path.replace('{id}', id)] as const),
  )

test('strangers get 401 everywhere, and learn nothing', async () => {
  for (const [method, path] of [...pathsOf(open), ['get', '/nowhere'] as const]) {
    for (const who of ['', 'stranger']) {
      const { status, headers, body } = await api[method](path, { who })
      expect([path, status, headers.get('content-type')]).toEqual([path, 401, 'application/problem+json'])
      expect(JSON.stringify(body)).not.toContain(open)
    }
  }
})

test('a deferral that one may not read is no more there than an unknown one', async () => {
  const unknown = secret.split('').reverse().join('')
  const bodies: Record<string, object> = {
    comment: { text: 'x' },
    progress: { step: 'x' },
    extend: { expiresIn: 60 },
    'require-interaction': { uri: 'https://op.example/' },
  }
  for (const [method, path] of pathsOf('ID').filter(([, path]) => path.includes('ID'))) {
    const body = bodies[path.split('/').at(-1) ?? ''] ?? {}
    const [one, other] = await Promise.all(
      [secret, unknown].map((id) => api[method](path.replace('ID', id), { who: 'robin', body })),
    )
    expect([path, one?.status]).toEqual([path, 404])
    expect(one?.body).toEqual(other?.body)
  }
  const { history = [] } = (await desk.op.provider.deferrals.get(secret)) ?? {}
  expect(history.map(({ event }) => event)).toEqual(['created'])
})

test('lists leave out what one may not read, and nothing is counted', async () => {
  const ids = async (who: string) => {
    const { body } = await api.get('/deferrals?limit=100', { who })
    return (body.deferrals as { id: string }[]).map(({ id }) => id)
  }
  expect(await ids('kim')).toContain(secret)
  expect(await ids('robin')).not.toContain(secret)
  for (const path of ['/count', '/stats']) expect((await api.get(path, { who: 'kim' })).status).toBe(403)
  expect((await api.get('/notifications', { who: 'robin' })).status).toBe(200)
})

test('mayDecide is asked for the list, the item and the change', async () => {
  const refused = { mayDecide: false, obstacle: 'a risk officer decides this' }
  expect((await api.get(`/deferrals/${open}`, { who: 'robin' })).body).toMatchObject(refused)
  const { body } = await api.get('/deferrals?queue=risk', { who: 'robin' })
  expect(body.deferrals).toMatchObject([refused])
  expect((await api.get(`/deferrals/${open}`, { who: 'kim' })).body).toMatchObject({ mayDecide: true })
  for (const verb of ['approve', 'deny', 'cancel', 'resume']) {
    const { status, body } = await api.post(`/deferrals/${open}/${verb}`, { who: 'robin' })
    expect([status, body.detail]).toEqual([403, 'a risk officer decides this'])
  }
  const assigned = await api.post(`/deferrals/${open}/assign`, { who: 'robin' })
  expect(assigned.body.deferral).toMatchObject({ status: 'pending', assignee: { to: 'robin' } })
})

test.each([
  ['from another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['from another host of the domain', { 'sec-fetch-site': 'same-site' }, 403],
  ['with neither header', { 'sec-fetch-site': '' }, 403],
  ['from another origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }, 403],
  ['from an opaque origin', { 'sec-fetch-site': '', origin: 'null' }, 403],
  ['from its own page', { 'sec-fetch-site': 'same-origin' }, 200],
])('a change with a cookie %s: %j gets %i', async (_, headers, expected) => {
  const answer = await api.post(`/deferrals/${open}/comment`, { body: { text: 'x' }, headers })
  expect(answer.status).toBe(expected)
})

test('a program with a bearer token needs no such header; a page of another site gets nowhere with one', async () => {
  const bearer = await startDesk({
    authenticate: (ctx) => (ctx.get('authorization') === 'Bearer robot' ? { id: 'robot', name: 'Robot' } : undefined),
  })
  const calls = await checkedApi({ ...bearer, url: desk.url })
  const id = await bearer.add()
  const post = (headers: object) =>
    fetch(`${bearer.url}api/deferrals/${id}/comment`, {
      method: 'POST',
      body: '{"text":"x"}',
      headers: { 'content-type': 'application/json', authorization: 'Bearer robot', ...headers },
    })
  expect(calls.document.openapi).toBe('3.1.0')
  expect((await post({})).status).toBe(200)
  expect((await post({ origin: 'https://evil.example' })).status).toBe(403)
  expect((await post({ authorization: 'Bearer other' })).status).toBe(401)
  await bearer.close()
})

test('every answer is kept out of caches, has no CORS headers, and is JSON', async () => {
  const answers = [
    await api.get('/deferrals'),
    await api.get('/nowhere'),
    await api.get('/deferrals', { who: '' }),
    await api.post(`/deferrals/${open}/comment`, { body: { text: 'x' } }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 401, 200])
  for (const { headers } of answers) {
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('access-control-allow-origin')).toBeNull()
    expect(headers.get('content-type')).toMatch(/^application\/(problem\+)?json/)
  }
})

test('HEAD is GET without the body, OPTIONS says what there is, other methods are 405, and none of them decides', async () => {
  const headers = { cookie: 'staff=kim', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
  const send = (method: string, path: string) => fetch(`${desk.url}api${path}`, { method, headers })
  const head = await send('HEAD', `/deferrals/${open}`)
  expect([head.status, await head.text()]).toEqual([200, ''])
  for (const [path, allow] of [
    ['/deferrals', 'OPTIONS, GET, HEAD'],
    [`/deferrals/${open}/approve`, 'OPTIONS, POST'],
  ] as const) {
    const options = await send('OPTIONS', path)
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow])
    for (const method of ['PUT', 'DELETE', 'PATCH']) expect((await send(method, path)).status).toBe(405)
  }
  for (const method of ['GET', 'HEAD']) expect((await send(method, `/deferrals/${open}/approve`)).status).toBe(405)
  expect((await desk.op.provider.deferrals.get(open))?.status).toBe('pending')
})

test('a fault says nothing about itself', async () => {
  const faulty = await startDesk()
  const calls = await checkedApi(faulty)
  const id = await faulty.add()
  faulty.op.provider.deferrals.get = () => Promise.reject(new TypeError('password: is secret'))
  const { status, body } = await calls.get(`/deferrals/${id}`)
  expect([status, body.detail]).toEqual([500, 'something went wrong on our side'])
  await faulty.close()
})
