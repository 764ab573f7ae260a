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
  async function due(clientIds: string[], now: Date, { limit = 100, except = [] as string[] } = {}) {
    // other tests left theirs behind
    const all = await open().dueNotifications({ limit: limit + 900, except }, now)
    return all.filter(({ clientId }) => clientIds.includes(clientId)).slice(0, limit)
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
    const ids = async (seconds: number) => (await due([clientId], at(seconds))).map(({ id }) => id)
    expect(await ids(99.999)).toEqual([])
    expect(await ids(100)).toEqual([first])
    expect(await ids(300)).toEqual([first, second, last])
    await steps.claim(open(), first, at(300))
    expect(await ids(309.999)).toEqual([second, last])
    expect(await ids(310)).toEqual([second, last, first])
    expect(await due([clientId], at(300))).toContainEqual({ id: last, clientId })
  })

  test('no more than asked for come, and those of excepted clients neither come nor count', async () => {
    const [many, few] = [newId(), newId()]
    const owe = async (clientId: string, seconds: number) => {
      const { id } = await open().create(
        newDeferral({ clientId, handleHash: 'hash', sealing }),
        new Date(seconds * 1000),
      )
      await open().decide(id, 'denied', {}, new Date(seconds * 1000))
    }
    // before everything else in this store
    for (let n = 0; n < 5; n++) await owe(many, n)
    await owe(few, 10)
    const now = new Date(30_000)
    const clients = async (limit: number, except: string[]) =>
      (await open().dueNotifications({ limit, except }, now)).map(({ clientId }) => clientId)
    expect(await clients(3, [])).toEqual([many, many, many])
    expect(await clients(3, [many])).toEqual([few])
    expect(await clients(9, [newId(), newId()])).toEqual([many, many, many, many, many, few])
    expect(await clients(9, [many, few])).toEqual([])
  })

  test("of all notifications only those come that somebody has to look at, by the store's own clock if need be", async () => {
    const clientId = newId()
    for (const path of Object.values(paths)) {
      const { id } = await open().create(newDeferral({ clientId }), start)
      await take(open(), id, path)
    }
    expect(await due([clientId], at(16))).toHaveLength(1)
    expect(await due([clientId], at(601))).toHaveLength(3)
    const all = await open().dueNotifications({ limit: 1000, except: [] })
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
