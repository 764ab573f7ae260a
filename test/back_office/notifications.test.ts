import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Begun, profiles, startWire, type Wire } from '../notification/wire.js'
import { answering, until } from '../support/receiver.js'

let wire: Wire
const events: { event: string; deferral: Deferral }[] = []

beforeAll(async () => {
  wire = await startWire({ deferred: { ttl: { deferral: 600 } } })
  for (const event of ['notified', 'notification_failed'] as const) {
    wire.op.provider.on(`deferral.${event}`, (deferral) => events.push({ event, deferral }))
  }
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals
const replay = (id: string) => deferrals().notifications.replay(id)
const shown = async (id: string) => (await deferrals().get(id))?.notification
const eventsOf = (id: string) => events.filter(({ deferral }) => deferral.id === id)
const attemptsOf = (id: string) => wire.heard(id).map(({ headers }) => Number(headers['delivery-attempt']))

/** Approved, and answered so. */
async function answered(status: number, count = 1): Promise<Begun> {
  const begun = await wire.begin('oauth', { token: 'a-token' })
  wire.answer(begun.id, answering(status))
  wire.op.clock.advance(2)
  await deferrals().approve(begun.id)
  await wire.over(begun.id, count)
  return begun
}

describe('deferral.notification', () => {
  test.each(profiles)('is what became of it, and neither handle nor token (%s)', async (profile) => {
    const begun = await wire.begin(profile, { token: 'a-token-of-its-own' })
    expect(await shown(begun.id)).toEqual({ status: 'waiting', attempts: 0 })
    const decided = await deferrals().approve(begun.id)
    // held back for a moment yet
    expect(decided.deferral.notification).toEqual({ status: 'owed', attempts: 0, nextAttemptAt: expect.any(Date) })
    wire.op.clock.advance(2)
    const { notifications } = await deferrals().notifications.list({ status: 'owed' })
    await wire.settled(begun.id, 'delivered')
    const at = wire.op.clock.now()
    expect(await shown(begun.id)).toEqual({
      status: 'delivered',
      attempts: 1,
      answer: 204,
      attemptedAt: at,
      deliveredAt: at,
    })
    const told = JSON.stringify([notifications, decided, await deferrals().list(), eventsOf(begun.id)])
    for (const secret of [begun.handle, begun.handle.slice(22), 'a-token-of-its-own', 'sealed', 'notBefore']) {
      expect(told).not.toContain(secret)
    }
  })

  test('says of one that is sent again when, and why', async () => {
    const { id } = await answered(503)
    const { nextAttemptAt, ...rest } = (await shown(id))!
    const at = wire.op.clock.now()
    expect(rest).toEqual({
      status: 'owed',
      attempts: 1,
      attemptedAt: at,
      answer: 503,
      reason: 'the endpoint answered 503',
    })
    const wait = (nextAttemptAt!.getTime() - at.getTime()) / 1000
    expect(wait).toBeGreaterThanOrEqual(4)
    expect(wait).toBeLessThanOrEqual(6)
    expect(eventsOf(id)).toEqual([])
  })

  test('says why one was given up, and names no next attempt', async () => {
    const { id } = await answered(410)
    expect(await shown(id)).toEqual({
      status: 'failed',
      attempts: 1,
      attemptedAt: wire.op.clock.now(),
      answer: 410,
      reason: 'the endpoint answered 410',
    })
  })

  test('there is none without an endpoint, and none before the exchange', async () => {
    const { notifications } = await deferrals().notifications.list({ limit: 100 })
    const all = (await deferrals().list({ limit: 100 })).deferrals
    expect(notifications.map(({ id }) => id)).toEqual(all.filter((one) => one.notification).map(({ id }) => id))
  })
})

describe('events', () => {
  test.each([
    ['notified', 204, 'delivered'],
    ['notification_failed', 404, 'failed'],
  ])('deferral.%s, once, after the write', async (event, status, became) => {
    const seen: unknown[] = []
    const look = ({ id }: Deferral) => seen.push(shown(id))
    wire.op.provider.once(`deferral.${event}` as 'deferral.notified', look)
    const { id } = await answered(status)
    await wire.swept()
    const [{ event: announced, deferral } = {}, ...more] = eventsOf(id)
    expect(more).toEqual([])
    expect([announced, deferral?.notification?.status]).toEqual([event, became])
    expect(await Promise.all(seen)).toMatchObject([{ status: became, answer: status }])
    const { history, ...after } = (await deferrals().get(id))!
    expect(deferral).toEqual(after)
  })

  test('the fault of a listener changes nothing, and is not told to the approver', async () => {
    const fault = () => {
      throw new Error('a listener of the integrator')
    }
    for (const event of ['notified', 'notification_failed'] as const) wire.op.provider.once(`deferral.${event}`, fault)
    const [fine, refused] = [await answered(204), await answered(400)]
    expect([(await shown(fine.id))?.status, (await shown(refused.id))?.status]).toEqual(['delivered', 'failed'])
    await wire.swept()
    expect([wire.heard(fine.id).length, wire.heard(refused.id).length]).toEqual([1, 1])
  })
})

describe('replay', () => {
  test('of one that was given up: sent again at once, as at first, and announced anew', async () => {
    const { id, handle } = await answered(403)
    wire.answer(id, answering(204))
    const { changed, deferral } = await replay(id)
    expect([changed, deferral.notification?.status, deferral.notification?.attempts]).toEqual([true, 'owed', 0])
    await wire.settled(id, 'delivered')
    expect(attemptsOf(id)).toEqual([1, 1])
    const [first, second] = wire.heard(id)
    expect(second?.body).toBe(JSON.stringify({ deferral_code: handle }))
    expect(second?.headers).toEqual(first?.headers)
    expect(await shown(id)).not.toHaveProperty('reason')
    expect(eventsOf(id).map(({ event }) => event)).toEqual(['notification_failed', 'notified'])
  })

  test('of one that fails again: given up again, and can be replayed again', async () => {
    const { id } = await answered(403)
    for (let n = 2; n < 4; n++) {
      expect((await replay(id)).changed).toBe(true)
      await wire.settled(id, 'failed')
      await until(() => wire.heard(id).length === n)
    }
    await wire.settled(id, 'failed')
    await until(() => eventsOf(id).length === 3)
  })

  test('of one that waits for a next attempt a while ahead: at once, and with a new schedule', async () => {
    const { id } = await wire.begin('openid')
    wire.answer(id, answering(503, { 'retry-after': '120' }))
    wire.op.clock.advance(2)
    await deferrals().approve(id)
    await wire.over(id, 1)
    expect((await replay(id)).changed).toBe(true)
    await until(() => wire.heard(id).length === 2)
    expect(attemptsOf(id)).toEqual([1, 1])
  })

  test('of one that was given up, after its deferral was extended beyond what it had', async () => {
    const { id } = await answered(403)
    wire.answer(id, answering(204))
    expect((await deferrals().extend(id, { expiresIn: 3600 })).changed).toBe(true)
    wire.op.clock.advance(700)
    await wire.swept()
    expect((await replay(id)).changed).toBe(true)
    await wire.settled(id, 'delivered')
  })

  test('twice at once: one of them changes something, and it is sent once', async () => {
    const { id } = await answered(403)
    wire.answer(id, answering(204))
    const both = await Promise.all([replay(id), replay(id), replay(id)])
    expect(both.filter(({ changed }) => changed)).toHaveLength(1)
    await wire.settled(id, 'delivered')
    await wire.swept()
    expect(attemptsOf(id)).toEqual([1, 1])
    expect(eventsOf(id).map(({ event }) => event)).toEqual(['notification_failed', 'notified'])
  })
})
