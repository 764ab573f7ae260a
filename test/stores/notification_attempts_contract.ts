import { expect, test } from '@jest/globals'
import type { DeferralStore } from 'oidc-provider-deferred'
import { at } from './new_deferral.js'
import { type StepName, sealing, settlements, steps } from './notification_steps.js'
import { travels } from './notification_travels.js'

/** What every store owes those who make an attempt, or ask for another one. */
export function notificationAttemptsContract(opened: () => DeferralStore): void {
  const { find, told, reached } = travels(opened)

  test('64 concurrent claims have one winner, and so have the next ones when its lease has ended', async () => {
    const id = await reached(['exchange', 'approve'])
    for (const [nth, seconds] of [20, 30].entries()) {
      const claims = await Promise.all(Array.from({ length: 64 }, () => steps.claim(opened(), id, at(seconds))))
      expect(claims.filter(Boolean)).toMatchObject([{ notification: { fence: nth + 1, attempts: nth + 1 } }])
    }
    expect(await steps.claim(opened(), id, at(39.999))).toBeUndefined()
  })

  test.each(Object.entries(settlements))('a fence that is stale settles nothing: %s', async (_name, settlement) => {
    const id = await reached(['exchange', 'approve', 'claim'])
    await steps.claim(opened(), id, at(30))
    const before = await find(id)
    for (const fence of [0, 1, 3])
      expect(await opened().settleNotification(id, fence, settlement, at(31))).toBeUndefined()
    expect(await find(id)).toEqual(before)
    expect(await opened().settleNotification(id, 2, settlement, at(31))).toMatchObject({ notification: { fence: 2 } })
  })

  test('a fence from before a replay is stale, too', async () => {
    const id = await reached(['exchange', 'approve', 'claim', 'settleFailed', 'replay'])
    // the reply of a settlement was lost, and the second one comes late
    await steps.settleFailed(opened(), id, at(31))
    expect(await told(id)).toMatchObject({ status: 'owed' })
  })

  const common = { attempts: 1, fence: 1, attemptedAt: at(20), heldUntil: at(16) }
  const { sealed } = sealing
  test.each([
    ['settleDelivered', { status: 'delivered', answer: 204, deliveredAt: at(21), ...common }],
    ['settleOwed', { ...common, status: 'owed', sealed, due: at(121), answer: 503, reason: settlements.owed.reason }],
    [
      'settleFailed',
      { ...common, status: 'failed', sealed, due: at(601), answer: 401, reason: settlements.failed.reason },
    ],
    ['settleSuppressed', { ...common, status: 'suppressed' }],
  ] as const)('%s leaves this', async (name, expected) => {
    const id = await reached(['exchange', 'approve', 'claim', name])
    expect(await told(id)).toEqual(expected)
  })

  test('I-100 a next attempt that would come too late is a last look at the expiry', async () => {
    const id = await reached(['exchange', 'approve', 'claim'])
    await opened().settleNotification(id, 1, { status: 'owed', delay: 36_000, reason: 'busy' }, at(21))
    expect(await told(id)).toMatchObject({ status: 'owed', due: at(601), sealed })
    expect(await steps.claim(opened(), id, at(601))).toMatchObject({ notification: { attempts: 1, fence: 2 } })
  })

  test('I-100 a decision on what has expired is told to nobody', async () => {
    const id = await reached(['exchange'])
    await steps.cancel(opened(), id, at(601))
    expect(await told(id)).toMatchObject({ status: 'waiting', due: at(601) })
  })

  test('what was known of the attempt before is forgotten', async () => {
    const id = await reached(['exchange', 'approve', 'claim', 'settleOwed'])
    await steps.claim(opened(), id, at(121))
    const reason = 'no answer: ECONNRESET'
    await opened().settleNotification(id, 2, { status: 'owed', delay: 5, reason, answer: undefined }, at(122))
    expect(await told(id)).toMatchObject({ reason, attempts: 2, attemptedAt: at(121), due: at(127) })
    expect(await told(id)).not.toHaveProperty('answer')
    await steps.claim(opened(), id, at(127))
    await opened().settleNotification(id, 3, settlements.delivered, at(128))
    expect(await told(id)).not.toHaveProperty('reason')
  })

  test('replay starts anew and at once, one that is not due yet; no more is forgotten', async () => {
    for (const path of [['settleFailed'], ['settleOwed']] as StepName[][]) {
      const id = await reached(['exchange', 'approve', 'claim', ...path])
      expect(await steps.replay(opened(), id)).toMatchObject({
        notification: { status: 'owed', due: at(30), attempts: 0, sealed: sealing.sealed },
      })
      expect(await steps.claim(opened(), id, at(30))).toMatchObject({ notification: { attempts: 1 } })
    }
    const soon = await reached(['exchange', 'approve', 'claim', 'settleOwed'])
    expect(await steps.replay(opened(), soon, at(121))).toBeUndefined()
    expect(await steps.replay(opened(), soon, at(120.999))).toBeDefined()
  })

  test('64 concurrent replays have one winner', async () => {
    const id = await reached(['exchange', 'approve', 'claim', 'settleFailed'])
    const replays = await Promise.all(Array.from({ length: 64 }, () => steps.replay(opened(), id)))
    expect(replays.filter(Boolean)).toHaveLength(1)
  })

  test('I-098 a replay does not let go what is held back', async () => {
    const id = await reached(['approve', 'exchange'])
    await steps.replay(opened(), id, at(2))
    expect(await steps.claim(opened(), id, at(2))).toBeUndefined()
    expect(await steps.claim(opened(), id, at(16))).toBeDefined()
  })

  test('a lease and a replay never meet', async () => {
    const id = await reached(['exchange', 'approve', 'claim'])
    for (const seconds of [20, 25, 29.999]) expect(await opened().replayNotification(id, at(seconds))).toBeUndefined()
  })
}
