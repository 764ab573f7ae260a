import { describe, expect, test } from 'vitest'
import { pollDeferral } from '../../support/deferral.js'
import { closeAfterEach, type DeploymentOptions } from '../deployment.js'
import { all, ask, reaches, start, statusOf, until } from './access_requests.js'

closeAfterEach()

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

  test('X-252 an approval without an end denies', async () => {
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
