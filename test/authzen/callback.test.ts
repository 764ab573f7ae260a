import { createHmac } from 'node:crypto'
import type { JsonObject } from 'oidc-provider-deferred'
import { authzen, type CallbackCaller, type CallbackReceiver } from 'oidc-provider-deferred/authzen'
import { describe, expect, test } from 'vitest'
import { describeMongo, useMongoStore } from '../support/database.js'
import { held } from '../support/deferral.js'
import { observedStore } from '../support/observed.js'
import { until as happens } from '../support/receiver.js'
import { closeAfterEach, type Deployment, deploy } from './deployment.js'

closeAfterEach()

const endpoint = 'https://op.example/authzen/callback'
const all = { scope: 'openid offline_access email', prompt: 'consent' }
const keys = [new Uint8Array(32).fill(5)]
const signing = new Uint8Array(32).fill(9)
const token = 'issued-to-the-service'

const until = (isThere: () => boolean | Promise<boolean>) => happens(isThere, 30)

interface Called extends Deployment {
  receive: CallbackReceiver
  id: string
  /** looks at the task so far */
  looks(): number
  message(): JsonObject & { state: string; task: JsonObject & { id: string } }
  send(body: JsonObject | string, headers?: Record<string, string>, method?: string): Promise<number>
}

/** A deferral whose access request waits, after its first look. */
async function waiting(caller: CallbackCaller = [token], accessRequest = {}, deferred = {}): Promise<Called> {
  const deployment = await deploy({
    options: { accessRequest: { callback: { endpoint, keys, caller }, ...accessRequest } },
    deferred: { keys, ...deferred },
  })
  const { service, decider, op } = deployment
  service.policy = ({ action }) => (action.name === 'email' ? 'request' : 'permit')
  const { id } = await held(op, deployment.rp, 'authorization_code', { request: all })
  await until(() => service.access.list.length > 0)
  const looks = () => service.access.list[0]?.looks ?? 0
  await until(async () => {
    if (looks() > 0) return true
    await deployment.toNextStep(id)
    return false
  })
  const receive = decider.callback(op.provider)
  return {
    ...deployment,
    id,
    looks,
    receive,
    message: () => service.access.callbackOf(service.access.list[0]?.id ?? '')?.body as ReturnType<Called['message']>,
    async send(body, headers = { authorization: `Bearer ${token}` }, method = 'POST') {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const request = { method, headers: { 'content-type': 'application/json', ...headers }, body: text }
      return (await receive(new Request(endpoint, method === 'GET' ? { method, headers } : request))).status
    },
  }
}

const statusOf = async ({ op, id }: Called) => (await op.provider.deferrals.get(id))?.status

// no step is due by the clock, which stands still: what happens is the work of a callback
const quiet = () => new Promise((resolve) => setTimeout(resolve, 1500))

describe('a callback of the access request service', () => {
  test('X-240 without one the provider looks at the task as ever, about once a minute', async () => {
    const { op, looks, service, id, toNextStep } = await waiting()
    service.access.script = 'approve'
    const before = op.clock.now()
    const seen = looks()
    await until(async () => {
      if (looks() > seen) return true
      await toNextStep(id)
      return false
    })
    const pause = (op.clock.now().getTime() - before.getTime()) / 1000
    expect(pause).toBeGreaterThanOrEqual(30)
    expect(pause).toBeLessThanOrEqual(61)
  })

  test('X-241 the submission names the endpoint, a state of its own and every end', async () => {
    const { service, op, rp } = await waiting()
    await held(op, rp, 'authorization_code', { request: all })
    await until(() => service.access.list.length === 2)
    const callbacks = service.access.list.map(({ body }) => body.callback as JsonObject & { state: string })
    for (const callback of callbacks) {
      expect(callback).toEqual({
        endpoint,
        state: expect.stringMatching(/\.[\w-]{43}$/),
        events: ['approved', 'denied', 'cancelled', 'expired', 'failed'],
      })
    }
    expect(callbacks[0]?.state).not.toBe(callbacks[1]?.state)
  })

  test('X-241 the state is not readable in the store', async () => {
    const { op, id, message } = await waiting()
    const stored = JSON.stringify(await op.provider.deferrals.get(id))
    expect(stored).not.toContain(message().state)
  })

  test('X-242 no other caller is read, with a bearer token', async () => {
    const called = await waiting()
    const { looks, message, send } = called
    const seen = looks()
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`, `bearer  `]) {
      expect(await send(message(), { authorization })).toBe(401)
    }
    let isRead = false
    const body = new ReadableStream(
      {
        pull(controller) {
          isRead = true
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const request = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } }
    const { status, headers } = await called.receive(new Request(endpoint, request as RequestInit))
    expect([status, headers.get('www-authenticate'), isRead]).toEqual([401, 'Bearer', false])
    await quiet()
    expect(looks()).toBe(seen)
  })

  test('X-242 no other caller is believed, with a signature of the raw body', async () => {
    const called = await waiting({ header: 'x-signature', keys: [new Uint8Array(32).fill(8), signing] })
    const { looks, message, send, service } = called
    service.access.script = 'approve'
    const seen = looks()
    const text = JSON.stringify(message())
    const mac = createHmac('sha256', signing).update(text).digest()
    expect(await send(text, {})).toBe(401)
    expect(await send(`${text} `, { 'x-signature': mac.toString('hex') })).toBe(401)
    expect(await send(text, { 'x-signature': mac.toString('hex').slice(2) })).toBe(401)
    expect(looks()).toBe(seen)
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(await send(text, { 'x-signature': `sha256=${mac.toString(encoding)}` })).toBe(204)
    }
    await until(() => looks() > seen)
  })

  test('X-242 a function may look at the headers, and its failure is no authentication', async () => {
    const called = await waiting((headers) => headers.get('x-client-cert') === 'of the service')
    expect(await called.send(called.message(), {})).toBe(401)
    expect(await called.send(called.message(), { 'x-client-cert': 'of the service' })).toBe(204)
  })

  test.each<[string, CallbackCaller]>([
    ['rejects', async () => Promise.reject(new Error('signature verification failed'))],
    [
      'throws',
      () => {
        throw new Error('signature verification failed')
      },
    ],
  ])('X-242 a function that %s has not authenticated the caller', async (_how, caller) => {
    const { looks, message, send } = await waiting(caller)
    const seen = looks()
    expect(await send(message())).toBe(401)
    await quiet()
    expect(looks()).toBe(seen)
  })

  test('X-243 a state or a task that is not ours is not found, and nothing happens', async () => {
    const called = await waiting()
    const { looks, message, send } = called
    const { state, task } = message()
    const seen = looks()
    const forged = [
      { state: `${state.slice(0, -2)}AA`, task },
      { state: state.replace(/-0\./, '-1.'), task },
      { state: state.slice(0, -1), task },
      { state: `${state}.A`, task },
      { state: `${'A'.repeat(22)}-0-0.${state.slice(-43)}`, task },
      { state, task: { ...task, id: 'arq_other' } },
      { state: '', task },
    ]
    for (const body of forged) expect(await send(body)).toBe(404)
    await quiet()
    expect(looks()).toBe(seen)
  })

  test('X-243 another form is refused', async () => {
    const { send, message } = await waiting()
    const bearer = { authorization: `Bearer ${token}` }
    const { state, task } = message()
    const statuses = [
      await send(message(), bearer, 'GET'),
      await send(message(), { ...bearer, 'content-type': 'text/plain' }),
      await send('{', bearer),
      await send('null', bearer),
      await send({ state }, bearer),
      await send({ state: [state], task }, bearer),
      await send({ state, task: { id: 1 } }, bearer),
      await send({ state, task, more: 'x'.repeat(16_384) }, bearer),
    ]
    expect(statuses).toEqual([405, 415, 400, 400, 400, 400, 400, 413])
  })

  test('X-244 V6 it only makes the provider look: no status, result or URL in it counts', async () => {
    const elsewhere = await waiting()
    const called = await waiting()
    const { looks, message, send, service, id } = called
    const seen = looks()
    const { state, task } = message()
    const url = `${elsewhere.service.pdp}/access/v1/requests/${task.id}`
    const approval = { id: 'apr_forged', approved_until: new Date(Date.now() + 3_600_000).toISOString() }
    const calls = elsewhere.service.calls.length
    const questions = service.questions.length
    const forged = {
      state,
      task: { ...task, status: 'approved', status_endpoint: url, links: { cancel: `${url}/cancel` } },
      result: { mode: 'reevaluate', approval },
    }
    expect(await send(forged)).toBe(204)
    await until(() => looks() > seen)
    await quiet()
    expect(await statusOf(called)).toBe('pending')
    expect(elsewhere.service.calls).toHaveLength(calls)
    expect(service.questions).toHaveLength(questions)
    expect(service.calls.filter(({ path }) => path.endsWith('/cancel'))).toEqual([])
    expect(JSON.stringify(await called.op.provider.deferrals.get(id))).not.toContain('apr_forged')
  })

  test('X-244 the look decides', async () => {
    const called = await waiting()
    called.service.access.script = 'approve'
    const request = called.service.access.list[0]
    if (request) called.service.intercept = ({ path }) => (path.endsWith(request.id) ? approvedNow(called) : undefined)
    expect(await called.send(called.message())).toBe(204)
    await until(async () => (await statusOf(called)) === 'denied')
  })

  test('X-245 it is answered before the look; many become one look in five seconds', async () => {
    const called = await waiting()
    const { looks, message, send, op } = called
    let release = () => {}
    const released = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined)
    })
    let waits = 0
    called.service.intercept = ({ method }) => {
      if (method !== 'GET') return undefined
      waits += 1
      return released
    }
    expect(await send(message())).toBe(204)
    await until(() => waits === 1)
    const seen = looks()
    const many = await Promise.all(Array.from({ length: 50 }, () => send(message())))
    expect(new Set(many)).toEqual(new Set([204]))
    release()
    await until(() => looks() === seen + 1)
    await quiet()
    expect(looks()).toBe(seen + 1)
    // it came during a look that may have been too early
    op.clock.advance(5)
    await until(() => looks() === seen + 2)
    await quiet()
    expect(looks()).toBe(seen + 2)
  })

  test('X-245 one that is repeated after the end changes nothing', async () => {
    const called = await waiting()
    const { message, send, op, id, looks } = called
    const last = message()
    await op.provider.deferrals.cancel(id)
    await until(() => called.service.access.list[0]?.status === 'cancelled')
    const seen = looks()
    expect(await send(last)).toBe(204)
    await quiet()
    expect([looks(), await statusOf(called)]).toEqual([seen, 'cancelled'])
  })

  test('X-245 a store that fails is said, so that it is sent again', async () => {
    const { store, failNext } = observedStore()
    const { send, message } = await waiting([token], {}, { store })
    failNext('find')
    expect([await send(message()), await send(message())]).toEqual([503, 204])
  })
})

describeMongo('a callback, with deferrals in MongoDB', () => {
  const store = useMongoStore()

  test('X-244 X-245 it leads to a look, and the next one to another look five seconds later', async () => {
    const called = await waiting([token], {}, { store: store() })
    const { looks, message, send, op } = called
    const seen = looks()
    expect(await send(message())).toBe(204)
    await until(() => looks() === seen + 1)
    expect(await send(message())).toBe(204)
    await quiet()
    expect(looks()).toBe(seen + 1)
    op.clock.advance(5)
    await until(() => looks() === seen + 2)
  })
})

test('X-240 it is off without its option', async () => {
  const { decider, op } = await deploy({ options: { accessRequest: {} }, deferred: { keys } })
  expect(() => decider.callback(op.provider)).toThrow(TypeError)
})

test('X-242 a wrong option is refused at once', () => {
  const refused = (callback: object) => () =>
    authzen({ pdp: 'https://pdp.example', accessRequest: { callback: callback as never } })
  const good = { endpoint, keys, caller: [token] }
  expect(refused({ ...good, endpoint: 'http://op.example/callback' })).toThrow(/callback.endpoint must be/)
  expect(refused({ ...good, keys: [] })).toThrow(/callback.keys must have a key/)
  expect(refused({ ...good, caller: [] })).toThrow(/callback.caller must be a list/)
  for (const wrong of ['', 'two words', 'ö'])
    expect(refused({ ...good, caller: [wrong] })).toThrow(/callback.caller\[0\] must be a bearer token/)
  expect(refused({ ...good, caller: { header: 'a b', keys } })).toThrow(/callback.caller.header/)
})

// the approver has denied meanwhile
function approvedNow({ service }: Called) {
  const { id } = service.access.list[0] ?? { id: '' }
  const status_endpoint = `${service.pdp}/access/v1/requests/${id}`
  return { status: 200, body: { task: { id, status: 'denied', status_endpoint } } }
}
