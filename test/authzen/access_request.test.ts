import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { authorizationCode, held, pollDeferral, redeem, revoke } from '../support/deferral.js'
import { deferred } from '../support/journey.js'
import { until as happens } from '../support/receiver.js'
import { closeAfterEach, type Deployment, type DeploymentOptions, deploy } from './deployment.js'

closeAfterEach()

const all = { scope: 'openid offline_access email', prompt: 'consent' }
const opted = { completion_mode: 'deferred' }
const keys = [new Uint8Array(32).fill(5)]

/** The scope `email` has to be requested, everything else is permitted. */
async function start(options: DeploymentOptions['options'] = {}, deferred = {}): Promise<Deployment> {
  const deployment = await deploy({ options: { accessRequest: {}, ...options }, deferred: { keys, ...deferred } })
  deployment.service.policy = ({ action }) => (action.name === 'email' ? 'request' : 'permit')
  return deployment
}

// nothing here takes long
const until = (isThere: () => boolean | Promise<boolean>, seconds = 30) => happens(isThere, seconds)

const ask = ({ op, rp }: Deployment) => held(op, rp, 'authorization_code', { request: all })
const statusOf = async ({ op }: Deployment, id: string) => (await op.provider.deferrals.get(id))?.status
const submitted = ({ service }: Deployment, count = 1) => until(() => service.access.list.length >= count)

/** Moves the clock until the deferral has this status. */
async function reaches(deployment: Deployment, id: string, status: string): Promise<void> {
  await until(async () => {
    await deployment.toNextStep(id)
    return (await statusOf(deployment, id)) === status
  }, 30)
}

describe('an access request', () => {
  test('X-220 X-222 X-224 V1 is submitted for a denial that can be requested, and for no other', async () => {
    const deployment = await start()
    const { service } = deployment
    const { id, answer } = await ask(deployment)
    expect([answer.status, answer.body.error]).toEqual([400, 'authorization_pending'])
    await submitted(deployment)
    const [{ body, idempotencyKey } = { body: {}, idempotencyKey: '' }] = service.access.list
    const question = service.questions.find(({ action }) => action.name === 'email')
    expect(body).toMatchObject({
      subject: question?.subject as object,
      resource: question?.resource as object,
      action: question?.action as object,
      context: question?.context as object,
      client: { id: 'secret' },
      denial: {
        expires_at: expect.any(String),
        evaluation_id: expect.any(String),
        evaluated_at: expect.any(String),
        reason: 'approval_required',
        template: 'four-eyes',
      },
    })
    expect(idempotencyKey).toContain(id)
    service.policy = () => 'deny'
    expect((await redeem(deployment.rp, await authorizationCode(deployment.rp, all), opted)).body.error).toBe(
      'invalid_grant',
    )
    expect(service.access.list).toHaveLength(1)
  })

  test('X-223 every member of the denial is echoed, the binding token byte for byte', async () => {
    const deployment = await start()
    const token = 'eyJh.bGci=.ß\u0000'
    const expires_at = new Date(Date.now() + 60_000).toISOString()
    deployment.service.policy = ({ action }) =>
      action.name === 'email'
        ? { decision: false, context: { reason: 'r', access_request: { expires_at, binding_token: token } } }
        : 'permit'
    let sent: JsonObject | undefined
    deployment.service.intercept = ({ path, body }) => {
      if (path !== '/access/v1/requests') return undefined
      sent = body
      return { status: 500 }
    }
    await ask(deployment)
    await until(() => sent !== undefined)
    expect(sent?.denial).toEqual({ reason: 'r', expires_at, binding_token: token })
  })

  test('X-221 V10 nothing is sent to a host that only the denial names', async () => {
    const elsewhere = await start()
    const deployment = await start()
    const { service, rp, alerts } = deployment
    const evil = elsewhere.service.pdp
    const expires_at = new Date(Date.now() + 60_000).toISOString()
    for (const member of ['endpoint', 'form_url', 'request_schema_url']) {
      const access_request = { expires_at, [member]: `${evil}/access/v1/requests` }
      service.policy = () => ({ decision: false, context: { evaluation_id: 'e', access_request } })
      expect((await redeem(rp, await authorizationCode(rp, all), opted)).body.error).toBe('invalid_grant')
    }
    expect(elsewhere.service.calls).toEqual([])
    expect(alerts.map(([, { reason }]) => reason)).toContain('the denial names a host that is not trusted')
  })

  test('X-221 V10 a service that names another host for its task gets no credentials there', async () => {
    const elsewhere = await start()
    const deployment = await start()
    deployment.service.intercept = ({ path }) =>
      path === '/access/v1/requests'
        ? { status: 202, body: { task: { id: 't', status: 'pending', status_endpoint: `${elsewhere.service.pdp}/t` } } }
        : undefined
    const { id } = await ask(deployment)
    await until(async () => (await statusOf(deployment, id)) === 'denied')
    expect(elsewhere.service.calls).toEqual([])
  })

  test('X-221 another host can be allowed', async () => {
    const other = await start()
    const origin = other.service.pdp
    const ports = [Number(new URL(origin).port)]
    const deployment = await deploy({ deferred: { keys } })
    deployment.service.policy = () => 'deny'
    const both = await deploy({
      options: {
        pdp: origin,
        egress: { ...other.service.egress, ports },
        accessRequest: { trusted: ['https://pdp.example'] },
      },
      deferred: { keys },
    })
    other.service.metadata = { access_request_endpoint: 'https://elsewhere.example/requests' }
    const expires_at = new Date(Date.now() + 60_000).toISOString()
    const context = { evaluation_id: 'e', access_request: { expires_at, endpoint: `${origin}/access/v1/requests` } }
    other.service.policy = () => ({ decision: false, context })
    const { body } = await redeem(both.rp, await authorizationCode(both.rp, all), opted)
    // the port belongs to the origin
    expect(body.error).toBe('invalid_grant')
  })

  test('X-225 the client is the one that is registered, and the time to ask for is a setting', async () => {
    const deployment = await start({ accessRequest: { requestedSeconds: 3600 } })
    await ask(deployment)
    await submitted(deployment)
    const { body = {} } = deployment.service.access.list[0] ?? {}
    expect(body.client).toEqual({ id: 'secret' })
    const { requested_until } = body.requested_access as { requested_until: string }
    expect(Date.parse(requested_until) - Date.now()).toBeGreaterThan(3_500_000)
  })

  test('X-226 of several all are submitted, and any denial denies; the others are cancelled', async () => {
    const deployment = await start()
    const { service } = deployment
    service.policy = ({ action }) => (action.name.startsWith('issue:') ? 'permit' : 'request')
    const { id, deferralCode } = await ask(deployment)
    await submitted(deployment, 3)
    const [, second] = service.access.list
    service.intercept = ({ path, method }) =>
      method === 'GET' && path.endsWith(second?.id ?? '')
        ? {
            status: 200,
            body: { task: { id: second?.id ?? '', status: 'denied', status_endpoint: `${service.pdp}${path}` } },
          }
        : undefined
    await reaches(deployment, id, 'denied')
    expect((await pollDeferral(deployment.rp, deferralCode)).body.error).toBe('access_denied')
    await until(() => service.access.list.filter(({ status }) => status === 'cancelled').length === 2)
  })

  test('X-226 several approvals are presented each with its own question', async () => {
    const deployment = await start()
    const { service, rp } = deployment
    service.access.script = 'approve'
    service.policy = ({ action }) => (action.name.startsWith('issue:') ? 'permit' : 'request')
    const { id, deferralCode } = await ask(deployment)
    await reaches(deployment, id, 'approved')
    expect((await pollDeferral(rp, deferralCode)).body.scope).toBe(all.scope)
  })

  test('X-227 a form is filled by the hook, and without an answer the access cannot be requested', async () => {
    const schema = { type: 'object', required: ['why'] }
    let filled: object | undefined
    const deployment = await start({
      accessRequest: { fill: (form) => (filled && form.required ? { context: { ...filled } } : undefined) },
    })
    const { service, rp } = deployment
    const context = (question: object) => ({
      evaluation_id: 'e',
      access_request: {
        expires_at: new Date(Date.now() + 60_000).toISOString(),
        request_schema_url: `${service.pdp}/schema`,
      },
      question: JSON.stringify(question),
    })
    service.policy = (question) => ({ decision: false, context: context(question) })
    let sent: JsonObject | undefined
    service.intercept = ({ path, body }) => {
      if (path === '/schema') return { status: 200, body: schema }
      if (path !== '/access/v1/requests') return undefined
      sent = body
      return { status: 500 }
    }
    expect((await redeem(rp, await authorizationCode(rp, all), opted)).body.error).toBe('invalid_grant')
    filled = { why: 'audit', client_id: 'made up' }
    await ask(deployment)
    await until(() => sent !== undefined)
    // what was evaluated is not overwritten
    expect(sent?.context).toMatchObject({ why: 'audit', client_id: 'secret' })
  })

  test('X-228 a service that decides at once is asked about again all the same', async () => {
    const deployment = await start()
    const { service, rp } = deployment
    const { deferralCode, id } = await (async () => {
      service.intercept = ({ path, body, headers }) => {
        if (path !== '/access/v1/requests') return undefined
        const { body: reply } = service.access.submit(body ?? {}, headers.get('idempotency-key'))
        service.access.script = 'approve'
        const task = reply?.task as { id: string }
        return { ...service.access.look(task.id), status: 201 }
      }
      service.access.script = 'approve'
      return ask(deployment)
    })()
    await until(async () => (await statusOf(deployment, id)) === 'approved')
    const before = service.questions.length
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
    expect(service.questions.length).toBeGreaterThan(before)
  })

  test.each<[string, number, string]>([
    ['not_requestable', 400, 'denied'],
    ['invalid_denial_binding', 400, 'denied'],
    ['duplicate_request', 409, 'denied'],
  ])('a submission answered %s is not repeated: %s', async (name, status) => {
    const deployment = await start()
    let count = 0
    deployment.service.intercept = ({ path }) => {
      if (path !== '/access/v1/requests') return undefined
      count += 1
      return { status, body: { type: `urn:openid:authzen:access-request:error:${name}` } }
    }
    const { id } = await ask(deployment)
    await until(async () => (await statusOf(deployment, id)) === 'denied')
    expect(count).toBe(1)
    expect(deployment.alerts.at(-1)?.[1].reason).toContain(name)
  })

  test('a submission whose denial has expired gets a fresh one, once, under another key', async () => {
    const deployment = await start()
    const { service } = deployment
    const keysSeen: string[] = []
    service.intercept = ({ path, headers }) => {
      if (path !== '/access/v1/requests') return undefined
      keysSeen.push(headers.get('idempotency-key') ?? '')
      return { status: 410, body: { type: 'urn:openid:authzen:access-request:error:expired_denial' } }
    }
    const { id } = await ask(deployment)
    await until(async () => (await statusOf(deployment, id)) === 'denied')
    expect(keysSeen).toEqual([`${id}-3-0`, `${id}-3-1`])
  })

  test('X-224 V8 a submission without an answer is repeated with the same key and body: one task', async () => {
    const deployment = await start()
    const { service } = deployment
    const sent: unknown[] = []
    service.intercept = ({ path, body, headers }) => {
      if (path !== '/access/v1/requests') return undefined
      sent.push([headers.get('idempotency-key'), body])
      service.access.submit(body ?? {}, headers.get('idempotency-key'))
      return sent.length < 3 ? { status: 503 } : undefined
    }
    const { id } = await ask(deployment)
    service.access.script = 'approve'
    await reaches(deployment, id, 'approved')
    expect(sent.length).toBeGreaterThanOrEqual(3)
    expect(new Set(sent.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(service.access.list).toHaveLength(1)
  })

  test.each([401, 403])('refused credentials (%s) are an alert, and the deferral waits', async (status) => {
    const deployment = await start()
    deployment.service.intercept = ({ path }) => (path === '/access/v1/requests' ? { status } : undefined)
    const { id } = await ask(deployment)
    await until(() => deployment.alerts.some(([problem]) => problem.includes('refuses the credentials')))
    expect(await statusOf(deployment, id)).toBe('pending')
  })

  test('V1 a client that cannot wait gets the plain denial, and nothing is submitted', async () => {
    const deployment = await start()
    const { service, rp, op } = deployment
    const { body } = await redeem(rp, await authorizationCode(rp, all))
    expect([body.error, service.access.list.length]).toEqual(['invalid_scope', 0])
    expect((await op.provider.deferrals.list()).deferrals).toEqual([])
  })

  test('X-256 two equal requests are two deferrals, each with its own task', async () => {
    const deployment = await start()
    deployment.service.access.script = 'approve'
    const two = [await ask(deployment), await ask(deployment)]
    await submitted(deployment, 2)
    for (const { id, deferralCode } of two) {
      await reaches(deployment, id, 'approved')
      expect((await pollDeferral(deployment.rp, deferralCode)).status).toBe(200)
    }
  })
})

describe('watching the task', () => {
  test('X-230 X-231 X-236 V5 it is looked at with credentials until it is approved, and the client sees nothing of it', async () => {
    const deployment = await start()
    const { service, rp, op } = deployment
    service.access.script = ['wait', 'wait', 'approve']
    const { id, deferralCode, answer } = await ask(deployment)
    await submitted(deployment)
    const pending = await pollDeferral(rp, deferralCode)
    await reaches(deployment, id, 'approved')
    const tokens = await pollDeferral(rp, deferralCode)
    expect(tokens.status).toBe(200)
    const [request] = service.access.list
    expect(request?.looks).toBe(3)
    for (const { headers } of service.calls) expect(headers.get('authorization')).toBe('Bearer of the provider')
    const seen = JSON.stringify([answer.body, pending.body, tokens.body])
    for (const secret of [request?.id, request?.approval?.id, 'approval_required', service.pdp]) {
      expect(seen).not.toContain(secret)
    }
    const { history } = (await op.provider.deferrals.get(id)) ?? {}
    expect(history?.map(({ event }) => event)).toContain('task_noted')
  })

  test('X-231 Retry-After is a minimum', async () => {
    const deployment = await start()
    const { service, op } = deployment
    service.intercept = ({ method, path }) =>
      method === 'GET' && path.includes('requests') ? { status: 429, headers: { 'retry-after': '300' } } : undefined
    await ask(deployment)
    await submitted(deployment)
    const looks = () => service.calls.filter(({ method, path }) => method === 'GET' && path.includes('requests')).length
    await until(() => {
      op.clock.advance(5)
      return looks() === 1
    })
    op.clock.advance(200)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(looks()).toBe(1)
  })

  test.each<[string, JsonObject | undefined, number]>([
    ['an unknown status', { task: { status: 'blessed' } }, 200],
    ['partial', { task: { status: 'partial' } }, 200],
    ['approved without a result', { task: { status: 'approved' } }, 200],
    ['another mode', { task: { status: 'approved' }, result: { mode: 'token', approval: { id: 'a' } } }, 200],
    ['a result on a pending task', { task: { status: 'pending' }, result: { mode: 'reevaluate' } }, 200],
    ['no task', { result: { mode: 'reevaluate' } }, 200],
    ['no JSON', undefined, 200],
    ['a server error', { task: { status: 'approved' } }, 500],
  ])('X-233 V7 %s is not an approval', async (_name, reply, status) => {
    const deployment = await start()
    const { service, op, rp } = deployment
    let looks = 0
    service.intercept = ({ method, path }) => {
      const [, taskId] = /requests\/(arq_[^/]+)$/.exec(path) ?? []
      if (method !== 'GET' || !taskId) return undefined
      looks += 1
      const task = reply?.task && { ...(reply.task as JsonObject), id: taskId, status_endpoint: service.pdp + path }
      return { status, ...(reply && { body: { ...reply, ...(task && { task }) } }) }
    }
    const { id, deferralCode } = await ask(deployment)
    await until(() => {
      op.clock.advance(10)
      return looks >= 2
    })
    expect(await statusOf(deployment, id)).toBe('pending')
    op.clock.advance(10)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
  })

  test.each<[string, string, string]>([
    ['deny', 'denied', 'access_denied'],
    ['cancel', 'denied', 'access_denied'],
  ])('X-232 a task that ends with %s ends the deferral', async (step, status, error) => {
    const deployment = await start()
    deployment.service.access.script = step as 'deny'
    const { id, deferralCode } = await ask(deployment)
    await reaches(deployment, id, status)
    expect((await pollDeferral(deployment.rp, deferralCode)).body.error).toBe(error)
    const looks = deployment.service.access.list[0]?.looks
    deployment.op.clock.advance(600)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(deployment.service.access.list[0]?.looks).toBe(looks)
  })

  test.each(['expired', 'unknown_task', 'task_expired'])('X-234 a task that is %s: expired_token', async (name) => {
    const deployment = await start()
    const { op, rp, service } = deployment
    service.intercept = ({ method, path }) => {
      const [, id] = /requests\/(arq_[^/]+)$/.exec(path) ?? []
      if (method !== 'GET' || !id) return undefined
      if (name !== 'expired') return { status: name === 'unknown_task' ? 404 : 410 }
      return { status: 200, body: { task: { id, status: 'expired', status_endpoint: service.pdp + path } } }
    }
    const { deferralCode } = await ask(deployment)
    await submitted(deployment)
    await until(async () => {
      op.clock.advance(1)
      return (await pollDeferral(rp, deferralCode)).body.error === 'expired_token'
    }, 30)
  })

  test('X-232 the deferral does not outlive the task', async () => {
    const deployment = await start()
    deployment.service.access.taskSeconds = 120
    const { id } = await ask(deployment)
    await submitted(deployment)
    await until(async () => {
      const { expiresAt } = (await deployment.op.provider.deferrals.get(id)) ?? {}
      return expiresAt !== undefined && expiresAt.getTime() < Date.now() + 130_000
    })
  })

  test('X-235 progress is told, approvers are not', async () => {
    const deployment = await start()
    const { service, op, rp } = deployment
    service.intercept = ({ method, path }) => {
      const [, id] = /requests\/(arq_[^/]+)$/.exec(path) ?? []
      if (method !== 'GET' || !id) return undefined
      const progress = { current_step: 1, total_steps: 2, step_name: 'manager', awaiting: ['kim@example.com'] }
      return { status: 200, body: { task: { id, status: 'pending', status_endpoint: service.pdp + path, progress } } }
    }
    const { id, deferralCode } = await ask(deployment)
    await until(async () => {
      op.clock.advance(1)
      return (await op.provider.deferrals.get(id))?.progress !== undefined
    })
    op.clock.advance(10)
    const { body } = await pollDeferral(rp, deferralCode)
    expect(body.progress).toEqual({ step: 'manager (1 of 2)' })
    expect(JSON.stringify(body)).not.toContain('kim')
  })

  test('a task that has failed is no decision: the access is requested anew, once, and then denied', async () => {
    const deployment = await start()
    deployment.service.access.script = 'fail'
    const { id } = await ask(deployment)
    await reaches(deployment, id, 'denied')
    expect(deployment.service.access.list.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      `${id}-3-0`,
      `${id}-3-1`,
    ])
    expect(deployment.alerts.length).toBeGreaterThanOrEqual(2)
  })
})

describe('an approval', () => {
  const approved = async (options: DeploymentOptions['options'] = {}, seconds = 3600) => {
    const deployment = await start(options)
    deployment.service.access.script = 'approve'
    deployment.service.access.approvalSeconds = seconds
    const deferral = await ask(deployment)
    await reaches(deployment, deferral.id, 'approved')
    return { ...deployment, ...deferral }
  }

  test('X-210 X-254 V2 it is presented unchanged, in the context of its question, also when the tokens are minted', async () => {
    const { service, rp, deferralCode } = await approved()
    const before = service.questions.length
    expect((await pollDeferral(rp, deferralCode)).body.scope).toBe(all.scope)
    const asked = service.questions.slice(before)
    const { approval } = service.access.list[0] ?? {}
    expect(approval).toMatchObject({ state: { proof: expect.any(String) } })
    const withApproval = asked.filter(({ context }) => context.approval)
    expect(withApproval.map(({ action, context }) => [action.name, context.approval])).toEqual([['email', approval]])
    expect(withApproval[0]?.context.client_id).toBe('secret')
  })

  test('X-252 X-253 V3 tokens end with it, and there is no refresh token', async () => {
    const { rp, deferralCode, op, id } = await approved({}, 120)
    const { body } = await pollDeferral(rp, deferralCode)
    expect(body.expires_in).toBeLessThanOrEqual(120)
    expect(body.refresh_token).toBeUndefined()
    expect((await op.provider.deferrals.get(id))?.decision?.until?.getTime()).toBeLessThan(Date.now() + 121_000)
  })

  test('X-253 V3 refresh tokens can be allowed, and they end with it too', async () => {
    const { rp, deferralCode } = await approved({ accessRequest: { refreshTokens: true } }, 120)
    const { body } = await pollDeferral(rp, deferralCode)
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token })
    expect(refreshed.body.expires_in).toBeLessThanOrEqual(120)
  })

  test('X-210 X-213 V2 one that was revoked in the meantime gives no tokens', async () => {
    const { service, rp, op, id, deferralCode } = await approved()
    service.policy = ({ action }) => (action.name === 'email' ? 'deny' : 'permit')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
    expect((await op.provider.deferrals.get(id))?.status).toBe('cancelled')
  })

  test('X-252 one without an end is a mistake of the service: a denial', async () => {
    const deployment = await start()
    const { service } = deployment
    service.intercept = ({ method, path }) => {
      const [, id] = /requests\/(arq_[^/]+)$/.exec(path) ?? []
      const task = { id: id ?? '', status: 'approved', status_endpoint: service.pdp + path }
      return method === 'GET' && id
        ? { status: 200, body: { task, result: { mode: 'reevaluate', approval: { id: 'a' } } } }
        : undefined
    }
    const { id } = await ask(deployment)
    await reaches(deployment, id, 'denied')
  })

  test('X-213 a re-evaluation that says retry waits, and one that says request asks anew', async () => {
    const deployment = await start()
    const { service } = deployment
    service.access.script = 'approve'
    let retries = 0
    service.policy = ({ action, context }) => {
      if (action.name !== 'email') return 'permit'
      if (!context.approval || retries++ >= 2) return 'request'
      return { decision: false, context: { next_action: 'retry', retry_after: 1 } }
    }
    const { id } = await ask(deployment)
    await reaches(deployment, id, 'approved')
    expect(retries).toBeGreaterThan(2)
    expect(service.access.list).toHaveLength(1)
  })

  test.each([
    ['within the tolerance', 35, 'pending'],
    ['beyond it', 45, 'denied'],
  ])('X-255 a denial that has expired %s', async (_name, seconds, status) => {
    const deployment = await start({ accessRequest: { resubmit: 0 } })
    const { service, op } = deployment
    service.denialSeconds = 10
    let attempts = 0
    service.intercept = ({ path }) => {
      if (path !== '/access/v1/requests') return undefined
      attempts += 1
      return attempts === 1 ? { status: 503 } : undefined
    }
    const { id } = await ask(deployment)
    await until(() => attempts === 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    op.clock.advance(seconds)
    await until(async () => attempts === 2 || (await statusOf(deployment, id)) === 'denied')
    expect([attempts, await statusOf(deployment, id)]).toEqual([status === 'pending' ? 2 : 1, status])
  })

  test('X-254 neither the approval nor a task is readable in the store', async () => {
    const { memoryStore } = await import('oidc-provider-deferred')
    const store = memoryStore()
    const deployment = await start({}, { store })
    deployment.service.access.script = 'approve'
    const { id } = await ask(deployment)
    await reaches(deployment, id, 'approved')
    const record = await store.find(id, deployment.op.clock.now())
    const { approval, id: taskId } = deployment.service.access.list[0] ?? {}
    const text = JSON.stringify([record, await store.history(id)])
    expect(text).not.toContain(String(approval?.id))
    expect((record as { task?: object }).task).toMatchObject({
      sealed: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
    })
    expect(taskId).toBeDefined()
  })
})

describe('the end of a deferral', () => {
  const cancelled = (deployment: Deployment) =>
    until(() => {
      deployment.op.clock.advance(5)
      return deployment.service.access.list[0]?.status === 'cancelled'
    }, 30)

  test.each<[string, (deployment: Deployment, deferral: { id: string; deferralCode: string }) => Promise<unknown>]>([
    ['a revocation by the client', ({ rp }, { deferralCode }) => revoke(rp, deferralCode)],
    ['a cancellation by an operator', ({ op }, { id }) => op.provider.deferrals.cancel(id)],
    ['a denial by an operator', ({ op }, { id }) => op.provider.deferrals.deny(id)],
    ['the expiry', async ({ op }) => op.clock.advance(90_000)],
  ])('X-250 V9 %s cancels the task', async (_name, end) => {
    const deployment = await start()
    const deferral = await ask(deployment)
    await submitted(deployment)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await end(deployment, deferral)
    await cancelled(deployment)
    expect(deployment.service.access.list[0]?.cancelled).toMatchObject({ reason: expect.any(String) })
  })

  test('X-250 V9 also a task whose submission had no answer yet', async () => {
    const deployment = await start()
    const { service, rp } = deployment
    let isLost = true
    service.intercept = ({ path, body, headers }) => {
      if (path !== '/access/v1/requests' || !isLost) return undefined
      service.access.submit(body ?? {}, headers.get('idempotency-key'))
      return { status: 503 }
    }
    const { deferralCode } = await ask(deployment)
    await submitted(deployment)
    isLost = false
    await revoke(rp, deferralCode)
    await cancelled(deployment)
    expect(service.access.list).toHaveLength(1)
  })

  test('X-251 a task that is final already, or that cannot be cancelled, is left alone', async () => {
    for (const status of [409, 405]) {
      const deployment = await start()
      const { service, rp, op } = deployment
      let count = 0
      service.intercept = ({ path }) => {
        if (!path.endsWith('/cancel')) return undefined
        count += 1
        return { status }
      }
      const { deferralCode, id } = await ask(deployment)
      await submitted(deployment)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await revoke(rp, deferralCode)
      await until(() => count === 1)
      service.access.script = 'approve'
      op.clock.advance(600)
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect([count, await statusOf(deployment, id)]).toEqual([1, 'cancelled'])
    }
  })

  test('X-236 an operator who approves does not replace the policy decision point', async () => {
    const deployment = await start()
    const { op, rp } = deployment
    const { id, deferralCode } = await ask(deployment)
    await submitted(deployment)
    await op.provider.deferrals.approve(id, { by: 'kim' })
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
    await cancelled(deployment)
  })
})

describe('onUnavailable: defer', () => {
  const wait = () => deploy({ options: { onUnavailable: 'defer' }, deferred: { keys } })

  test('X-209 V11 a client that can wait waits, and is approved when the policy decision point is back', async () => {
    const deployment = await wait()
    const { service, rp } = deployment
    service.intercept = () => ({ status: 500 })
    const { id, deferralCode } = await ask(deployment)
    service.intercept = () => undefined
    await reaches(deployment, id, 'approved')
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  })

  test('X-209 or is denied', async () => {
    const deployment = await wait()
    deployment.service.intercept = () => ({ status: 500 })
    const { id } = await ask(deployment)
    deployment.service.policy = () => 'deny'
    deployment.service.intercept = () => undefined
    await reaches(deployment, id, 'denied')
  })

  test('X-209 a client that cannot wait gets 503', async () => {
    const { service, rp } = await wait()
    service.intercept = () => ({ status: 500 })
    expect((await redeem(rp, await authorizationCode(rp, all))).status).toBe(503)
  })

  test('a permitted deferred_code is approved without an operator', async () => {
    const deployment = await wait()
    const { op, rp } = deployment
    const { code, id } = await deferred(op, rp)
    const { body } = await rp.exchange(code)
    await until(async () => (await statusOf(deployment, id)) === 'approved')
    expect((await rp.poll(body.deferred_auth_id)).status).toBe(200)
  })
})
