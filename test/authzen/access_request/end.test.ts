import { describe, expect, test } from 'vitest'
import { pollDeferral, revoke } from '../../support/deferral.js'
import { closeAfterEach, type Deployment } from '../deployment.js'
import { ask, start, statusOf, submitted, until } from './access_requests.js'

closeAfterEach()

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

  test('X-250 V9 a task is cancelled even if its submission had no answer', async () => {
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
