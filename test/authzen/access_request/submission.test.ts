import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { authorizationCode, pollDeferral, redeem } from '../../support/deferral.js'
import { closeAfterEach, deploy } from '../deployment.js'
import { all, ask, keys, reaches, start, statusOf, submitted, until } from './access_requests.js'

closeAfterEach()

const opted = { completion_mode: 'deferred' }

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

  test.each([
    ['that is trusted, gets it', (origin: string) => origin, 1],
    ['is another one without its port', (origin: string) => origin.replace(/:\d+$/, ''), 0],
  ])('X-221 an origin that the metadata does not name %s', async (_name, trustedOf, count) => {
    const { service } = await start()
    const { pdp, egress } = service
    const options = { pdp, egress, accessRequest: { trusted: [trustedOf(pdp)] } }
    const { rp } = await deploy({ options, deferred: { keys } })
    service.metadata = { access_request_endpoint: 'https://elsewhere.example/requests' }
    const expires_at = new Date(Date.now() + 60_000).toISOString()
    const context = { evaluation_id: 'e', access_request: { expires_at, endpoint: `${pdp}/access/v1/requests` } }
    service.policy = () => ({ decision: false, context })
    const { body } = await redeem(rp, await authorizationCode(rp, all), opted)
    expect(body.error).toBe(count === 1 ? 'authorization_pending' : 'invalid_grant')
    await until(() => service.calls.filter(({ path }) => path === '/access/v1/requests').length === count)
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

  test('X-228 a task that is approved at once is evaluated again before minting', async () => {
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
