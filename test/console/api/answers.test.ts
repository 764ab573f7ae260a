import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDesk, type TestDesk } from '../desk.js'
import { type CheckedApi, checkedApi } from './checked_api.js'

let desk: TestDesk
let api: CheckedApi

beforeAll(async () => {
  desk = await startDesk({
    operators: () => [
      { id: 'kim', name: 'Kim Park' },
      { id: 'robin', name: 'Robin Vale' },
    ],
  })
  api = await checkedApi(desk)
})
afterAll(() => desk.close())

const unknownId = 'aaaaaaaaaaaaaaaaaaaaaa'
const until = '2100-01-31T12:00:00Z'

/** A change, a state in which it changes something, and bodies that are wrong. */
interface Case {
  verb: string
  body?: object
  /** prepares a deferral; it gets tokens that it asks for at `scope` */
  prepare?: (id: string) => Promise<unknown>
  quorum?: number
  wrong?: object
  /** it can be repeated and still changes something */
  repeats?: boolean
}

const cases: Case[] = [
  {
    verb: 'approve',
    body: { note: 'seen', until, scope: ['openid'] },
    wrong: { scope: 1 },
  },
  { verb: 'deny', body: { description: 'no', note: 'n' }, wrong: { description: '' } },
  { verb: 'cancel', body: {} },
  { verb: 'unvote', quorum: 2, prepare: (id) => api.post(`/deferrals/${id}/approve`) },
  { verb: 'assign', body: { to: 'kim', for: 60 }, wrong: { to: 'nobody we know' } },
  { verb: 'unassign', prepare: (id) => api.post(`/deferrals/${id}/assign`) },
  { verb: 'comment', body: { text: 'a remark' }, wrong: {}, repeats: true },
  { verb: 'progress', body: { step: 'looking', position: 3, estimate: 60 }, wrong: { step: 'x', position: -1 } },
  { verb: 'require-interaction', body: { uri: 'https://op.example/act' }, wrong: { uri: 'javascript:alert(1)' } },
  {
    verb: 'resume',
    prepare: (id) => api.post(`/deferrals/${id}/require-interaction`, { body: { uri: 'https://op.example/act' } }),
  },
  { verb: 'extend', body: { expiresIn: 3600 }, wrong: { expiresIn: '60' } },
]

describe.each(cases)('POST deferrals/:id/$verb', ({ verb, body = {}, prepare, quorum }) => {
  const add = () => desk.add({ profile: 'oauth', ...(quorum && { quorum }), scope: ['openid', 'email'] })
  const path = (id: string) => `/deferrals/${id}/${verb}`

  test('changes it, and records the operator', async () => {
    const id = await add()
    await prepare?.(id)
    const answer = await api.post(path(id), { body })
    expect([answer.status, answer.body.changed]).toEqual([200, true])
    const { history = [] } = (await desk.op.provider.deferrals.get(id)) ?? {}
    expect(history.at(-1)?.by).toBe('kim')
  })

  test('is 404 for an unknown id, and for what is no id', async () => {
    for (const id of [unknownId, 'x', '%00', '..%2f..', '__proto__']) {
      expect((await api.post(path(id), { body })).status).toBe(404)
    }
  })

  test('is 400 for an actor, an unknown member, a parameter, and what is no JSON object', async () => {
    const id = await add()
    const wrongs = [{ ...body, by: 'robin' }, { ...body, surprise: 1 }, '{', '[]', '"x"', 'null']
    for (const wrong of wrongs) expect((await api.post(path(id), { body: wrong })).status).toBe(400)
    expect((await api.post(`${path(id)}?by=robin`, { body })).status).toBe(400)
    expect((await api.post(path(id), { body: { ...body, by: 'robin' } })).body.detail).toBe(
      'by must not be sent: the actor is the operator who sends the request',
    )
  })

  test('is 415 without application/json, 413 for a large body', async () => {
    const id = await add()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
      const headers = { 'content-type': type }
      expect((await api.post(path(id), { body, headers })).status).toBe(415)
    }
    expect((await api.post(path(id), { body: { note: 'x'.repeat(70_000) } })).status).toBe(413)
  })

  test('is 412 if the deferral has changed since If-Match', async () => {
    const id = await add()
    await prepare?.(id)
    const seen = (await api.get(`/deferrals/${id}`)).headers.get('etag') ?? ''
    await desk.op.provider.deferrals.comment(id, { by: 'robin', text: 'wait' })
    expect((await api.post(path(id), { body, headers: { 'if-match': seen } })).status).toBe(412)
    const now = (await api.get(`/deferrals/${id}`)).headers.get('etag') ?? ''
    expect((await api.post(path(id), { body, headers: { 'if-match': now } })).status).toBe(200)
  })
})

test('an approval cannot end on the 30th of February', async () => {
  const id = await desk.add()
  const { status, body } = await api.post(`/deferrals/${id}/approve`, { body: { until: '2100-02-30T12:00:00Z' } })
  expect([status, body.detail]).toEqual([400, 'until must be a time as in RFC 3339, such as 2030-01-31T12:00:00Z'])
})

test.each(['W/NOW', 'W/SEEN, W/NOW', 'SEEN,NOW', '*'])('takes If-Match: %s', async (header) => {
  const id = await desk.add()
  const etag = async () => (await api.get(`/deferrals/${id}`)).headers.get('etag') ?? ''
  const seen = await etag()
  await desk.op.provider.deferrals.comment(id, { by: 'robin', text: 'wait' })
  const deny = (tags: string) =>
    api.post(`/deferrals/${id}/deny`, { body: { description: 'no' }, headers: { 'if-match': tags } })
  expect((await deny(`W/${seen}, W/"1.x"`)).status).toBe(412)
  expect((await deny(header.replace('SEEN', seen).replace('NOW', await etag()))).status).toBe(200)
})

test.each(cases.filter(({ repeats }) => !repeats))(
  '$verb is 409 with the deferral if it changes nothing',
  async ({ verb, body = {} }) => {
    const id = await desk.add({ profile: 'oauth' })
    await desk.op.provider.deferrals.deny(id, { by: 'robin' })
    const { status, body: problem } = await api.post(`/deferrals/${id}/${verb}`, { body })
    expect([status, problem]).toEqual([409, expect.objectContaining({ status: 409, title: 'Conflict' })])
    expect(problem.deferral).toMatchObject({ id, status: 'denied', decision: { by: 'robin' } })
  },
)

test.each(cases.filter(({ wrong }) => wrong))(
  '$verb is 400 for a wrong member, and names it',
  async ({ verb, wrong }) => {
    const id = await desk.add({ profile: 'oauth' })
    const { status, body: problem } = await api.post(`/deferrals/${id}/${verb}`, { body: wrong })
    expect([status, problem.detail]).toEqual([400, expect.stringMatching(/^[\w.]+: \w+ /)])
  },
)

test('approve is 422 for more than was requested', async () => {
  const id = await desk.add()
  expect((await api.post(`/deferrals/${id}/approve`, { body: { scope: ['more'] } })).status).toBe(422)
})

test('the members that a document names are those that a call takes', async () => {
  const { paths } = api.document
  for (const { verb, body = {} } of cases) {
    const { properties = {}, required = [] } =
      paths[`/deferrals/{id}/${verb}`]?.post?.requestBody?.content['application/json'].schema ?? {}
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(body)))
    for (const name of required) {
      const { [name]: _, ...others } = { ...body } as Record<string, unknown>
      const id = await desk.add({ profile: 'oauth' })
      expect([verb, name, (await api.post(`/deferrals/${id}/${verb}`, { body: others })).status]).toEqual([
        verb,
        name,
        400,
      ])
    }
  }
})

describe('GET', () => {
  test('deferrals: every filter of the document is taken, and a value of another type is 400', async () => {
    const samples: Record<string, string> = {
      status: 'pending',
      unassigned: 'true',
      profile: 'oauth',
      overdue: 'false',
      order: 'due',
      history: 'true',
      limit: '5',
      createdAfter: until,
      createdBefore: until,
      expiresBefore: until,
    }
    for (const path of ['/deferrals', '/count']) {
      for (const { name, schema } of api.document.paths[path]?.get?.parameters ?? []) {
        if (name === 'cursor') continue
        const value = samples[name] ?? 'some'
        expect([path, name, (await api.get(`${path}?${name}=${value}`)).status]).toEqual([path, name, 200])
        const isAnyText = schema.type === 'string' && !schema.enum && !schema.format && !schema.maxLength
        if (!isAnyText) expect([name, (await api.get(`${path}?${name}=`)).status]).toEqual([name, 400])
      }
    }
  })

  test('deferrals: pages follow one another, several statuses, one with its history', async () => {
    for (let more = 0; more < 3; more++) await desk.add({ queue: 'paged' })
    const first = await api.get('/deferrals?queue=paged&limit=2&order=oldest&history=true')
    const second = await api.get(`/deferrals?queue=paged&limit=2&order=oldest&cursor=${first.body.cursor}`)
    const rows = [first, second].map(({ body }) => body.deferrals as { id: string; history?: object[] }[])
    expect(rows.map((list) => list.length)).toEqual([2, 1])
    expect(new Set(rows.flat().map(({ id }) => id)).size).toBe(3)
    expect(rows.map(([row]) => row?.history?.length)).toEqual([1, undefined])
    const several = await api.get('/deferrals?status=denied&status=cancelled&limit=100')
    const statuses = (several.body.deferrals as { status: string }[]).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['denied', 'cancelled']))
  })

  test.each([
    'deferrals?nothing=1',
    'deferrals?limit=1&limit=2',
    'deferrals?limit=0',
    'deferrals?limit=101',
    'deferrals?limit=1e2',
    'deferrals?cursor=foreign',
    'deferrals?createdAfter=2030-01-01',
    'deferrals?createdAfter=2030-13-01T00:00:00Z',
    'deferrals?createdAfter=2026-02-30T00:00:00Z',
    'deferrals?status=sleeping',
    'deferrals?status=denied&overdue=true',
    'deferrals?assignee=kim&unassigned=true',
    'count?order=newest',
    'stats?queue=x',
    'notifications?status=sleeping',
    `deferrals/${unknownId}?history=true`,
    'openapi.json?x=1',
  ])('%s is 400', async (path) => {
    expect((await api.get(`/${path}`)).status).toBe(400)
  })

  test('a deferral, counts, stats and notifications', async () => {
    const id = await desk.add({ accountId: 'kim', queue: 'counted' })
    const { body } = await api.get(`/deferrals/${id}`)
    expect(body).toMatchObject({ id, mayDecide: false, obstacle: 'this request is about your own account' })
    expect((await api.get('/count?queue=counted')).body).toEqual({
      pending: 1,
      approved: 0,
      denied: 0,
      cancelled: 0,
      redeemed: 0,
      expired: 0,
    })
    const { byQueue } = (await api.get('/stats')).body
    expect(byQueue).toMatchObject({ counted: { pending: 1, overdue: 0 } })
    expect((await api.get('/notifications')).body).toEqual({ notifications: [] })
    expect((await api.get(`/deferrals/${unknownId}`)).status).toBe(404)
  })
})

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(api.document)))
  expect(result).toMatchObject({ valid: true })
  expect(api.document.openapi).toBe('3.1.0')
})
