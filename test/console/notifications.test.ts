import type { NotificationRecord } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { startDesk, type TestDesk } from './desk.js'

function failed(desk: TestDesk): NotificationRecord {
  const attemptedAt = desk.op.clock.now()
  return {
    status: 'failed',
    attempts: 4,
    answer: 404,
    reason: 'status 404 <b>',
    attemptedAt,
    notBefore: attemptedAt,
    fence: 1,
    sealed: 'x',
  }
}

async function withFailure(options: Parameters<typeof startDesk>[0] = {}) {
  const desk = await startDesk(options)
  const notification = failed(desk)
  const id = await desk.add({ title: 'a failed one', queue: 'secret', notification, expiresIn: 80_000 })
  await desk.add({ title: 'delivered', notification: { ...notification, status: 'delivered', answer: 204 } })
  await desk.add({ title: 'without one' })
  return { desk, id }
}

test('the notifications are listed by status, with what went wrong', async () => {
  const { desk, id } = await withFailure()
  const all = await (await desk.get('notifications')).text()
  expect(all).toContain('delivered')
  expect(all).not.toContain('without one')
  const html = await (await desk.get('notifications?status=failed')).text()
  expect(html).toContain(`href="deferrals/${id}"`)
  expect(html).toContain('status 404 &lt;b&gt;')
  expect(html).not.toContain('>delivered<')
  expect(await (await desk.get('notifications?status=owed&cursor=foreign')).text()).toContain('There is none here.')
  expect(await (await desk.get('overview')).text()).toContain(
    '<a href="./notifications?status=failed"><strong>1</strong>',
  )
  await desk.close()
})

test('a failed notification is sent again, in the name of the operator', async () => {
  const { desk, id } = await withFailure()
  await desk.op.provider.deferrals.deny(id, { by: 'robin' })
  const answer = await desk.post(`notifications/${id}/replay?status=failed`, { by: 'robin' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '../../notifications?status=failed'])
  const { notification, history = [] } = (await desk.op.provider.deferrals.get(id)) ?? {}
  expect(notification).toMatchObject({ status: 'owed', attempts: 0 })
  expect(history.at(-1)).toMatchObject({ event: 'notification_replayed', by: 'kim' })
  await desk.close()
})

test('what was delivered is not sent again; a forged form does nothing', async () => {
  const { desk, id } = await withFailure()
  const [delivered] = (await desk.op.provider.deferrals.notifications.list({ status: 'delivered' })).notifications
  expect((await desk.post(`notifications/${delivered?.id}/replay`, {})).status).toBe(409)
  expect((await desk.post(`notifications/${id}/replay`, {}, 'kim', { 'sec-fetch-site': 'cross-site' })).status).toBe(
    403,
  )
  expect((await desk.get(`notifications/${id}/replay`)).status).toBe(405)
  expect((await desk.post('notifications/x/replay', {})).status).toBe(404)
  await desk.close()
})

test('what one may not read has no notification', async () => {
  const { desk, id } = await withFailure({
    mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'kim',
  })
  expect(await (await desk.get('notifications', 'kim')).text()).toContain(id)
  expect(await (await desk.get('notifications', 'robin')).text()).not.toContain(id)
  expect(await (await desk.get('overview', 'robin')).text()).toContain('None has failed.')
  expect((await desk.post(`notifications/${id}/replay`, {}, 'robin')).status).toBe(404)
  await desk.close()
})

test('X-131 the page of a deferral shows the ping of CIBA beside the notification, and sends both again', async () => {
  const desk = await startDesk()
  const ping = failed(desk)
  const notification = { ...ping, status: 'delivered', answer: 204 } as const
  const id = await desk.add({ title: 'a failed ping', notification, ping, expiresIn: 80_000 })
  await desk.op.provider.deferrals.approve(id)
  const html = await (await desk.get(`deferrals/${id}`)).text()
  expect(html).toContain('Ping of the client (CIBA)')
  expect(html.match(/Send again/g)).toHaveLength(1)
  expect(await desk.op.provider.deferrals.notifications.replay(id)).toMatchObject({
    changed: true,
    deferral: { ping: { status: 'owed', attempts: 0 }, notification: { status: 'delivered' } },
  })
})
