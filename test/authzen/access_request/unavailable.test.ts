import { describe, expect, test } from 'vitest'
import { authorizationCode, pollDeferral, redeem } from '../../support/deferral.js'
import { deferred } from '../../support/journey.js'
import { closeAfterEach, deploy } from '../deployment.js'
import { all, ask, keys, reaches, statusOf, until } from './access_requests.js'

closeAfterEach()

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

  test('X-209 a waiting client is denied when the policy decision point is back', async () => {
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
