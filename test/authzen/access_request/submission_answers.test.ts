import { describe, expect, test } from 'vitest'
import { closeAfterEach } from '../deployment.js'
import { ask, reaches, start, statusOf, until } from './access_requests.js'

closeAfterEach()

describe('a submission', () => {
  test.each([
    ['not_requestable', 400],
    ['invalid_denial_binding', 400],
    ['duplicate_request', 409],
  ])('a submission refused with %s (%i) is not repeated', async (name, status) => {
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

  test.each([
    ['submission', 'POST'],
    ['look at its task', 'GET'],
  ])('a %s that cannot be sent is an alert, and is repeated', async (_name, method) => {
    let isVaultOpen = false
    const authenticate = (url: string) => {
      const isLook = url.includes('/access/v1/requests/')
      if (!isVaultOpen && url.includes('/access/v1/requests') && isLook === (method === 'GET'))
        throw new Error('the vault is sealed')
      return { authorization: 'Bearer of the provider' }
    }
    const deployment = await start({ authenticate })
    deployment.service.access.script = 'approve'
    const { id } = await ask(deployment)
    const reason = 'authenticate failed: the vault is sealed'
    await until(async () => {
      await deployment.toNextStep(id)
      return deployment.alerts.length > 0
    })
    expect(deployment.alerts[0]).toEqual(['the access request service cannot be asked', { deferral: id, reason }])
    isVaultOpen = true
    await reaches(deployment, id, 'approved')
  })

  test.each([401, 403])('refused credentials (%s) are an alert, and the deferral waits', async (status) => {
    const deployment = await start()
    deployment.service.intercept = ({ path }) => (path === '/access/v1/requests' ? { status } : undefined)
    const { id } = await ask(deployment)
    await until(() => deployment.alerts.some(([problem]) => problem.includes('refuses the credentials')))
    expect(await statusOf(deployment, id)).toBe('pending')
  })
})
