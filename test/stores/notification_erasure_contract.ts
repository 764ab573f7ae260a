import { expect, test } from '@jest/globals'
import type { DeferralStore } from 'oidc-provider-deferred'
import { at } from './new_deferral.js'
import { type StepName, settlements, steps } from './notification_steps.js'
import { travels } from './notification_travels.js'

/** What every store owes those whose secrets it keeps. */
export function notificationErasureContract(opened: () => DeferralStore): void {
  const { told, reached } = travels(opened)

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
}
