import { expect, test } from '@jest/globals'
import type { DeferralStore } from 'oidc-provider-deferred'
import { at, newDeferral, start } from './new_deferral.js'
import { type StepName, sealing, steps } from './notification_steps.js'
import { travels } from './notification_travels.js'

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
  const { find, told, reached } = travels(opened)

  test.each(Object.entries(table))(
    'a notification that is %s is moved by its events and no others',
    async (_name, row) => {
      const { path, is, passes } = row
      let id = await reached(path)
      for (const name of Object.keys(steps) as StepName[]) {
        const before = await find(id)
        expect([before.status, before.notification?.status]).toEqual(is)
        const written = await steps[name](opened(), id)
        const after = await find(id)
        expect([name, written !== undefined]).toEqual([name, passes.includes(name)])
        // nobody is left with a secret that nothing will need, nor with one that nobody will erase
        const { sealed, due, status } = after.notification!
        expect(sealed === undefined).toBe(due === undefined)
        if (sealed === undefined) expect(ended).toContain(status)
        else expect(sealed).toBe(sealing.sealed)
        if (written === undefined) expect(after).toEqual(before)
        else id = await reached(path)
      }
    },
  )

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
}
