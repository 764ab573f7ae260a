import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { pollDeferral } from '../../support/deferral.js'
import { closeAfterEach } from '../deployment.js'
import { ask, reaches, start, statusOf, submitted, until } from './access_requests.js'

closeAfterEach()

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
