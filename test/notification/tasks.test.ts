import { setTimeout as pause } from 'node:timers/promises'
import { memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test, vi } from 'vitest'
import type { Records } from '../../lib/deferral/records.js'
import type { Stored } from '../../lib/deferral/store.js'
import { createSealer } from '../../lib/notification/sealer.js'
import { Tasks, type TasksDependencies } from '../../lib/notification/tasks.js'
import { newDeferral } from '../store/new_deferral.js'
import { observedStore } from '../support/observed.js'
import { withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { verbsOn } from '../support/records.js'

const hour = 3600
const lostKey = Buffer.alloc(32, 7)
const keys = [Buffer.alloc(32, 8)]

describe('a task of a deferral that has expired', () => {
  test('is tried less and less often if its state cannot be opened', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const store = memoryStore()
    await withProvider({ deferred: { store, keys, task: async () => ({}) } }, async ({ issuer, clock }) => {
      const request = newDeferral({ expiresIn: 60 })
      const taskSealed = await createSealer([lostKey])?.seal({ issuer, ...request }, {})
      await verbsOn(store, issuer).create({ ...request, taskSealed: String(taskSealed) }, clock.now())
      /** the seconds to the next step, after one so many seconds from now */
      const pauseAt = async (seconds: number) => {
        clock.advance(seconds)
        const now = clock.now()
        let left = 0
        await until(async () => {
          const { task, taskDue = now } = (await store.find(request.id, now)) ?? {}
          left = (taskDue.getTime() - now.getTime()) / 1000
          return left > 0 && !task?.leased
        })
        return left
      }
      expect(await pauseAt(90)).toBe(30)
      expect(await pauseAt(hour)).toBe(hour + 30)
      expect(await pauseAt(48 * hour)).toBe(24 * hour)
    })
    vi.restoreAllMocks()
  })

  test('is not read again by each sweep if no worker takes it', async () => {
    const { store, calls } = observedStore()
    await withProvider({ deferred: { store } }, async ({ issuer, clock }) => {
      const request = newDeferral({ expiresIn: 60, taskSealed: 'sealed' })
      await verbsOn(store, issuer).create(request, clock.now())
      clock.advance(61)
      await until(async () => (await store.find(request.id, clock.now()))?.expiredAt !== undefined)
      // the writes of a sweep may still be under way
      await pause(500)
      calls.length = 0
      await pause(2500)
      expect(calls.filter((name) => name === 'find')).toEqual([])
    })
  })
})

test('a long queue keeps no records', async () => {
  const snapshots: unknown[] = []
  const records = {
    now: () => new Date(),
    async transit(_id: string, _transition: unknown, snapshot: unknown) {
      snapshots.push(snapshot)
    },
  } as Partial<Records> as Records
  const tasks = new Tasks({ records, events: { publish() {}, subscribe() {} } } as unknown as TasksDependencies)
  tasks.start({} as never)
  const due = Array.from({ length: 100 }, (_, n) => ({ id: `${n}`, clientId: `${n}`, taskDue: new Date(0) }))
  tasks.take(due as unknown as Stored[])
  await until(() => snapshots.length === due.length)
  expect(snapshots.filter((snapshot) => snapshot !== undefined)).toHaveLength(64)
})
