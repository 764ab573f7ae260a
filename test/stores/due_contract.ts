import { expect, test } from '@jest/globals'
import type { DeferralStore } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { at, newDeferral, start } from './new_deferral.js'
import { type StepName, sealing, steps, take } from './notification_steps.js'

const statuses = ['waiting', 'owed', 'delivered', 'failed', 'suppressed'] as const

const paths: Record<(typeof statuses)[number], StepName[]> = {
  waiting: ['exchange'],
  owed: ['exchange', 'approve'],
  delivered: ['exchange', 'approve', 'claim', 'settleDelivered'],
  failed: ['exchange', 'approve', 'claim', 'settleFailed'],
  suppressed: ['exchange', 'cancelByClient'],
}

/** What every store owes those who look for something to notify of. */
export function dueContract(open: () => DeferralStore): void {
  async function due(clientId: string, now: Date) {
    // other tests left theirs behind
    const all = await open().dueNotifications({ limit: 1000 }, now)
    return all.filter((one) => one.clientId === clientId)
  }

  test('what is due comes longest due first, at the instant it is due and not before', async () => {
    const clientId = newId()
    const made: string[] = []
    for (const seconds of [300, 100, 200]) {
      const { id } = await open().create(newDeferral({ clientId, handleHash: 'hash', sealing, expiresIn: 600 }), start)
      await steps.deny(open(), id, at(seconds))
      made.push(id)
    }
    const [last, first, second] = made as [string, string, string]
    const ids = async (seconds: number) => (await due(clientId, at(seconds))).map(({ id }) => id)
    expect(await ids(99.999)).toEqual([])
    expect(await ids(100)).toEqual([first])
    expect(await ids(300)).toEqual([first, second, last])
    await steps.claim(open(), first, at(300))
    expect(await ids(309.999)).toEqual([second, last])
    expect(await ids(310)).toEqual([second, last, first])
    const [seen] = await due(clientId, at(300))
    const notification = { status: 'owed', fence: 0, due: at(200) }
    expect(seen).toMatchObject({ id: second, clientId, expiresAt: at(600), readAt: at(300), notification })
    expect(seen?.notification).not.toHaveProperty('sealed')
  })

  test('no more than asked for come, and page after page all of them once, those due at one instant, too', async () => {
    const clientId = newId()
    const owed: string[] = []
    // before everything else in this store
    for (const seconds of [1, 2, 2, 2, 2, 3]) {
      const instant = new Date(seconds * 1000)
      const sealed = { ...sealing, hold: 0 }
      const { id } = await open().create(newDeferral({ clientId, handleHash: 'hash', sealing: sealed }), instant)
      await open().decide(id, 'denied', {}, instant)
      owed.push(id)
    }
    const seen: string[] = []
    let after: { due: Date; id: string } | undefined
    for (let pages = 0; pages < 3; pages++) {
      const page = await open().dueNotifications({ limit: 2, after }, new Date(4000))
      expect(page).toHaveLength(2)
      seen.push(...page.map(({ id }) => id))
      const last = page.at(-1)!
      after = { due: last.notification.due, id: last.id }
    }
    expect(await open().dueNotifications({ limit: 2, after }, new Date(4000))).toEqual([])
    expect([seen[0], seen.at(-1)]).toEqual([owed[0], owed.at(-1)])
    expect([...seen].sort()).toEqual([...owed].sort())
  })

  test("of all notifications only those come that somebody has to look at, by the store's own clock if need be", async () => {
    const clientId = newId()
    for (const path of Object.values(paths)) {
      const { id } = await open().create(newDeferral({ clientId }), start)
      await take(open(), id, path)
    }
    expect(await due(clientId, at(16))).toHaveLength(1)
    expect(await due(clientId, at(601))).toHaveLength(3)
    const all = await open().dueNotifications({ limit: 1000 })
    expect(all.filter((one) => one.clientId === clientId)).toHaveLength(3)
  })

  test('notifications are listed by their status, newest first, page by page, and all of them', async () => {
    const clientId = newId()
    const made = new Map<string, string>()
    for (const [status, path] of Object.entries(paths)) {
      const { id } = await open().create(newDeferral({ clientId }), start)
      await take(open(), id, path)
      made.set(status, id)
    }
    await open().create(newDeferral({ clientId }), start)
    for (const notification of statuses) {
      const listed = await open().list({ clientId, notification, limit: 10 }, at(40))
      expect(listed.map(({ id }) => id)).toEqual([made.get(notification)])
    }
    const first = await open().list({ clientId, notification: 'any', limit: 3 }, at(40))
    const rest = await open().list({ clientId, notification: 'any', limit: 3, after: first[2]! }, at(40))
    const ids = [...first, ...rest].map(({ id }) => id)
    expect(ids).toEqual([...made.values()].sort().reverse())
  })
}
