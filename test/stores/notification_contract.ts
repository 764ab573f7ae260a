import { describe, expect, test } from '@jest/globals'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { at, newDeferral, start } from './new_deferral.js'
import { lease, type StepName, sealing, settlements, steps, take } from './notification_steps.js'

const settle = ['settleDelivered', 'settleOwed', 'settleFailed', 'settleSuppressed'] as const
const open = ['cancel', 'cancelByClient', 'extend'] as const
const decide = ['approve', 'deny'] as const

interface Row {
  path: StepName[]
  is: [deferral: string, notification: string]
  passes: StepName[]
}

/** How each status of deferral and notification is reached, and which events it lets through. */
const table: Record<string, Row> = {
  waiting: { path: ['exchange'], is: ['pending', 'waiting'], passes: [...decide, ...open, 'arm'] },
  'waiting, armed': { path: ['exchange', 'arm'], is: ['pending', 'waiting'], passes: [...decide, ...open, 'arm'] },
  approved: {
    path: ['exchange', 'approve'],
    is: ['approved', 'owed'],
    passes: [...open, 'redeem', 'arm', 'claim'],
  },
  denied: { path: ['exchange', 'deny'], is: ['denied', 'owed'], passes: ['arm', 'claim'] },
  cancelled: { path: ['exchange', 'cancel'], is: ['cancelled', 'owed'], passes: ['arm', 'claim'] },
  'approved before the exchange': {
    path: ['approve', 'exchange'],
    is: ['approved', 'owed'],
    passes: [...open, 'redeem', 'arm', 'claim'],
  },
  'denied before the exchange': { path: ['deny', 'exchange'], is: ['denied', 'owed'], passes: ['arm', 'claim'] },
  leased: {
    path: ['exchange', 'approve', 'claim'],
    is: ['approved', 'owed'],
    passes: [...open, 'redeem', ...settle],
  },
  'owed again': {
    path: ['exchange', 'approve', 'claim', 'settleOwed'],
    is: ['approved', 'owed'],
    passes: [...open, 'redeem', ...settle, 'replay'],
  },
  delivered: {
    path: ['exchange', 'approve', 'claim', 'settleDelivered'],
    is: ['approved', 'delivered'],
    passes: [...open, 'redeem', 'settleDelivered'],
  },
  failed: {
    path: ['exchange', 'approve', 'claim', 'settleFailed'],
    is: ['approved', 'failed'],
    passes: [...open, 'redeem', ...settle, 'replay'],
  },
  'failed for a denial': {
    path: ['exchange', 'deny', 'claim', 'settleFailed'],
    is: ['denied', 'failed'],
    passes: [...settle, 'replay'],
  },
  'cancelled by its client': { path: ['exchange', 'cancelByClient'], is: ['cancelled', 'suppressed'], passes: [] },
  'cancelled by its client, leased': {
    path: ['exchange', 'approve', 'claim', 'cancelByClient'],
    is: ['cancelled', 'suppressed'],
    passes: ['settleDelivered'],
  },
  'cancelled by its client, failed': {
    path: ['exchange', 'approve', 'claim', 'settleFailed', 'cancelByClient'],
    is: ['cancelled', 'failed'],
    passes: ['settleDelivered'],
  },
  redeemed: { path: ['exchange', 'approve', 'redeem'], is: ['redeemed', 'suppressed'], passes: [] },
  'redeemed, leased': {
    path: ['exchange', 'approve', 'claim', 'redeem'],
    is: ['redeemed', 'suppressed'],
    passes: ['settleDelivered'],
  },
  'redeemed, delivered': {
    path: ['exchange', 'approve', 'claim', 'settleDelivered', 'redeem'],
    is: ['redeemed', 'delivered'],
    passes: ['settleDelivered'],
  },
}

const ended = ['failed', 'delivered', 'suppressed']

/** What every store owes those who notify. */
export function notificationContract(opened: () => DeferralStore): void {
  const find = async (id: string, now = at(31)) => (await opened().find(id, now)) as DeferralRecord
  const told = async (id: string) => (await find(id)).notification

  async function reached(path: readonly StepName[], members = {}): Promise<string> {
    const { id } = await opened().create(newDeferral(members), start)
    expect(path.length === 0 || (await take(opened(), id, path))).toBeTruthy()
    return id
  }

  describe.each(Object.entries(table))('a notification that is %s', (_name, { path, is, passes }) => {
    test.each(Object.keys(steps) as StepName[])('%s', async (name) => {
      const id = await reached(path)
      const before = await find(id)
      expect([before.status, before.notification?.status]).toEqual(is)
      const written = await steps[name](opened(), id)
      const after = await find(id)
      expect([name, written !== undefined]).toEqual([name, passes.includes(name)])
      if (written === undefined) expect(after).toEqual(before)
      // nobody is left with a secret that nothing will need, nor with one that nobody will erase
      const { sealed, due, status } = after.notification!
      expect(sealed === undefined).toBe(due === undefined)
      if (sealed === undefined) expect(ended).toContain(status)
      else expect(sealed).toBe(sealing.sealed)
    })
  })

  test('without a sealing there is no notification, and never will be', async () => {
    const { id } = await opened().create(newDeferral(), start)
    await opened().exchange(id, { handleHash: 'hash' }, at(1))
    for (const name of ['arm', 'approve', 'claim', 'settleDelivered', 'replay', 'extend', 'cancelByClient'] as const)
      await steps[name](opened(), id)
    expect(await find(id)).not.toHaveProperty('notification')
  })

  test('one that is created with its handle waits from the start', async () => {
    const { id } = await opened().create(newDeferral({ handleHash: 'hash', sealing }), start)
    expect(await told(id)).toEqual({
      status: 'waiting',
      sealed: sealing.sealed,
      due: at(60),
      heldUntil: at(15),
      attempts: 0,
      fence: 0,
    })
    expect(await find(id)).not.toHaveProperty('sealing')
  })

  test('one that waits is looked at when its deferral expires, and is then no attempt', async () => {
    const id = await reached(['exchange'])
    expect(await steps.claim(opened(), id, at(600.999))).toBeUndefined()
    expect(await steps.claim(opened(), id, at(601))).toMatchObject({
      notification: { status: 'waiting', attempts: 0, fence: 1, due: at(611) },
    })
    expect(await told(id)).not.toHaveProperty('attemptedAt')
    await steps.settleSuppressed(opened(), id)
    expect(await told(id)).toEqual({ status: 'suppressed', attempts: 0, fence: 1, heldUntil: at(16) })
  })

  test.each(['approve', 'deny', 'cancel'] as const)('%s owes it from that very write on, held back', async (name) => {
    const id = await reached(['exchange'])
    expect(await steps[name](opened(), id)).toMatchObject({
      notification: { status: 'owed', due: at(16), attempts: 0, sealed: sealing.sealed },
    })
    expect(await steps.claim(opened(), id, at(15.999))).toBeUndefined()
    expect(await steps.claim(opened(), id, at(16))).toMatchObject({
      notification: { status: 'owed', attempts: 1, attemptedAt: at(16), due: at(26), fence: 1 },
    })
  })

  test('one decided long after the exchange is due at once', async () => {
    const id = await reached(['exchange'])
    await steps.approve(opened(), id, at(100))
    expect(await told(id)).toMatchObject({ due: at(100) })
    expect(await steps.claim(opened(), id, at(100))).toBeDefined()
  })

  test('a decision before the exchange is owed with the exchange, and held back', async () => {
    const id = await reached(['approve'])
    expect(await find(id)).not.toHaveProperty('notification')
    await steps.exchange(opened(), id)
    expect(await told(id)).toMatchObject({ status: 'owed', due: at(16), heldUntil: at(16) })
  })

  test('arm lets it go after its delay, and not again once it was tried', async () => {
    const id = await reached(['approve', 'exchange'])
    await opened().arm(id, 1, at(2))
    expect(await steps.claim(opened(), id, at(2.999))).toBeUndefined()
    expect(await steps.claim(opened(), id, at(3))).toMatchObject({ notification: { attempts: 1 } })
    expect(await opened().arm(id, 1, at(4))).toBeUndefined()
  })

  test('arm before the decision shortens the hold, and no more', async () => {
    const id = await reached(['exchange'])
    await opened().arm(id, 1, at(1.5))
    expect(await told(id)).toMatchObject({ status: 'waiting', heldUntil: at(2.5), due: at(601) })
    await steps.approve(opened(), id, at(2))
    expect(await told(id)).toMatchObject({ due: at(2.5) })
  })

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

  test('I-120 one that failed keeps what is sealed until the deferral expires, and not after', async () => {
    const id = await reached(['exchange', 'approve', 'claim', 'settleFailed'])
    expect(await steps.claim(opened(), id, at(600.999))).toBeUndefined()
    expect(await steps.claim(opened(), id, at(601))).toMatchObject({ notification: { attempts: 1, status: 'failed' } })
    await opened().settleNotification(id, 2, settlements.failed, at(601))
    expect(await told(id)).toMatchObject({ status: 'failed', reason: settlements.failed.reason, answer: 401 })
    for (const name of ['sealed', 'due']) expect(await told(id)).not.toHaveProperty(name)
    expect(await steps.replay(opened(), id, at(602))).toBeUndefined()
  })

  test('I-100 what is owed when its deferral expires is no attempt any more, and is erased', async () => {
    const id = await reached(['exchange', 'approve'])
    expect(await steps.claim(opened(), id, at(601))).toMatchObject({ notification: { attempts: 0, status: 'owed' } })
    await opened().settleNotification(id, 1, settlements.failed, at(601))
    expect(await told(id)).not.toHaveProperty('sealed')
  })

  test.each(['cancelByClient', 'redeem'] as const)(
    'I-107 I-120 %s erases what is sealed, leased or not',
    async (name) => {
      for (const path of [[], ['claim'], ['claim', 'settleOwed'], ['claim', 'settleFailed']] as StepName[][]) {
        const id = await reached(['exchange', 'approve', ...path, name])
        for (const member of ['sealed', 'due']) expect(await told(id)).not.toHaveProperty(member)
      }
    },
  )

  test('I-120 extend moves the instant of the erasure with the expiry, to either side', async () => {
    const waits = await reached(['exchange', 'extend'])
    const failed = await reached(['exchange', 'approve', 'claim', 'settleFailed', 'extend'])
    for (const id of [waits, failed]) expect(await told(id)).toMatchObject({ due: at(3627) })
    for (const id of [waits, failed]) await opened().extend(id, 10, at(30))
    for (const id of [waits, failed]) expect(await told(id)).toMatchObject({ due: at(40) })
  })

  test('I-120 an expiry that is moved before the next attempt has what is sealed erased then', async () => {
    const id = await reached(['exchange', 'approve', 'claim', 'settleOwed'])
    await opened().extend(id, 5, at(30))
    expect((await told(id))?.due?.getTime()).toBeLessThanOrEqual(at(35).getTime())
  })

  test('extend leaves what is owed to its time', async () => {
    const id = await reached(['exchange', 'approve', 'claim', 'settleOwed', 'extend'])
    expect(await told(id)).toMatchObject({ due: at(121) })
  })

  test('replay starts anew and at once, one that is not due within a lease; no more is forgotten', async () => {
    for (const path of [['settleFailed'], ['settleOwed']] as StepName[][]) {
      const id = await reached(['exchange', 'approve', 'claim', ...path])
      expect(await steps.replay(opened(), id)).toMatchObject({
        notification: { status: 'owed', due: at(30), attempts: 0, sealed: sealing.sealed },
      })
      expect(await steps.claim(opened(), id, at(30))).toMatchObject({ notification: { attempts: 1 } })
    }
    const soon = await reached(['exchange', 'approve', 'claim', 'settleOwed'])
    expect(await steps.replay(opened(), soon, at(111))).toBeUndefined()
    expect(await steps.replay(opened(), soon, at(110.999))).toBeDefined()
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
    for (const seconds of [20, 25, 29.999])
      expect(await opened().replayNotification(id, lease, at(seconds))).toBeUndefined()
  })
}
