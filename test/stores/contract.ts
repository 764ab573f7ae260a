import { describe, expect, test } from '@jest/globals'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { dueContract } from './due_contract.js'
import { interactionContract } from './interaction_contract.js'
import { listingContract } from './listing_contract.js'
import { at, newDeferral, start } from './new_deferral.js'
import { notificationAttemptsContract } from './notification_attempts_contract.js'
import { notificationContract } from './notification_contract.js'
import { notificationErasureContract } from './notification_erasure_contract.js'

type Step = (store: DeferralStore, id: string, now?: Date) => Promise<unknown>

const exchange: Step = (store, id, now = at(1)) =>
  store.exchange(id, { handleHash: newId(), binding: { jkt: 'jkt' } }, now)
const approve: Step = (store, id, now = at(2)) => store.decide(id, 'approved', { by: 'reviewer' }, now)
const deny: Step = (store, id, now = at(2)) => store.decide(id, 'denied', { description: '$no' }, now)
const cancel: Step = (store, id, now = at(3)) => store.cancel(id, { by: 'client' }, now)
const progress: Step = (store, id, now = at(2)) => store.progress(id, { step: '$review' }, now)
const requireInteraction: Step = (store, id, now = at(2)) => store.requireInteraction(id, { uri: '$uri' }, now)
const resume: Step = (store, id, now = at(2)) => store.resume(id, now)
const extend: Step = (store, id, now = at(3)) => store.extend(id, 3600, now)
const claim: Step = (store, id, now = at(4)) => store.claim(id, 'claim', 15, now)
const finalise: Step = (store, id, now = at(5)) => store.finalise(id, { id: 'claim', fence: 1 }, now)
const release: Step = (store, id, now = at(5)) => store.release(id, 'claim', now)

const waiting = { progress, requireInteraction, resume }
const events = { exchange, approve, deny, cancel, ...waiting, extend, claim, finalise, release }

/** How each status is reached, and which events it lets through. */
const table: Record<string, { path: Step[]; passes: (keyof typeof events)[] }> = {
  'pending, not exchanged': {
    path: [],
    passes: ['exchange', 'approve', 'deny', 'cancel', 'progress', 'requireInteraction'],
  },
  pending: { path: [exchange], passes: ['approve', 'deny', 'cancel', 'progress', 'requireInteraction', 'extend'] },
  'waiting for an interaction': {
    path: [exchange, requireInteraction],
    passes: ['approve', 'deny', 'cancel', 'progress', 'requireInteraction', 'resume', 'extend'],
  },
  resumed: {
    path: [exchange, requireInteraction, resume],
    passes: ['approve', 'deny', 'cancel', 'progress', 'requireInteraction', 'extend'],
  },
  'approved without the interaction': {
    path: [exchange, requireInteraction, approve],
    passes: ['cancel', 'extend', 'claim'],
  },
  'denied without the interaction': { path: [exchange, requireInteraction, deny], passes: [] },
  'approved, not exchanged': { path: [approve], passes: ['exchange', 'cancel'] },
  approved: { path: [exchange, approve], passes: ['cancel', 'extend', 'claim'] },
  'approved and claimed': { path: [exchange, approve, claim], passes: ['cancel', 'extend', 'finalise', 'release'] },
  'denied, not exchanged': { path: [deny], passes: ['exchange'] },
  denied: { path: [exchange, deny], passes: [] },
  'cancelled, not exchanged': { path: [cancel], passes: [] },
  cancelled: { path: [exchange, approve, claim, cancel], passes: [] },
  redeemed: { path: [exchange, approve, claim, finalise], passes: ['finalise'] },
}

async function reached(store: DeferralStore, path: Step[]): Promise<string> {
  const { id } = await store.create(newDeferral(), start)
  for (const step of path) expect(await step(store, id)).toBeDefined()
  return id
}

/** The contract every store keeps. */
export function contract(open: () => DeferralStore): void {
  const find = async (id: string, now?: Date) => (await open().find(id, now)) as DeferralRecord

  describe.each(Object.entries(table))('%s', (_status, { path, passes }) => {
    test.each(Object.entries(events))('%s', async (name, event) => {
      const store = open()
      const id = await reached(store, path)
      const before = await find(id, at(9))
      const written = await event(store, id)
      const passed = passes.includes(name as keyof typeof events)
      expect(written !== undefined).toBe(passed)
      if (!passed) expect(await find(id, at(9))).toEqual(before)
      else expect(await find(id, at(9))).toMatchObject({ ...(written as object), readAt: at(9) })
    })
  })

  test('keeps what was created, whatever its keys look like, and adds the times', async () => {
    const { expiresIn, ...request } = newDeferral()
    const record = await open().create({ expiresIn, ...request }, start)
    expect(record).toMatchObject({
      ...request,
      status: 'pending',
      fence: 0,
      createdAt: start,
      expiresAt: at(60),
      readAt: start,
    })
    expect(await find(request.id, at(1))).toEqual({ ...record, readAt: at(1) })
  })

  test('rejects a second deferral with the same id and keeps the first', async () => {
    const first = newDeferral()
    await open().create(first, start)
    await expect(open().create({ ...first, clientId: 'another' }, start)).rejects.toThrow()
    expect(await find(first.id)).toMatchObject({ clientId: 'client' })
  })

  test.each(['exchange', 'approve', 'deny', 'progress', 'requireInteraction'] as const)(
    'refuses %s at the instant of expiry',
    async (name) => {
      const { id } = await open().create(newDeferral(), start)
      expect(await events[name](open(), id, at(60))).toBeUndefined()
      expect(await events[name](open(), id, at(59.999))).toBeDefined()
    },
  )

  test('starts the lifetime anew at the exchange, and again at extend', async () => {
    const id = await reached(open(), [exchange])
    expect(await find(id)).toMatchObject({ exchangedAt: at(1), expiresAt: at(601), binding: { jkt: 'jkt' } })
    await extend(open(), id)
    expect(await find(id)).toMatchObject({ expiresAt: at(3603) })
  })

  test('claims again when the lease has ended, with a higher fence, and lets only that one finalise', async () => {
    const id = await reached(open(), [exchange, approve, claim])
    expect(await open().claim(id, 'second', 15, at(18.999))).toBeUndefined()
    expect(await open().claim(id, 'second', 15, at(19))).toMatchObject({
      fence: 2,
      claim: { id: 'second', fence: 2, until: at(34) },
    })
    expect(await open().finalise(id, { id: 'claim', fence: 1 }, at(20))).toBeUndefined()
    expect(await open().finalise(id, { id: 'second', fence: 1 }, at(20))).toBeUndefined()
    expect(await open().finalise(id, { id: 'second', fence: 2 }, at(20))).toMatchObject({
      status: 'redeemed',
      redeemedAt: at(20),
    })
  })

  test('finalises again for the claim that already did, without moving the time', async () => {
    const id = await reached(open(), [exchange, approve, claim, finalise])
    expect(await finalise(open(), id, at(7))).toMatchObject({ status: 'redeemed', redeemedAt: at(5) })
    expect(await open().finalise(id, { id: 'other', fence: 1 }, at(7))).toBeUndefined()
  })

  test('can be claimed again at once after a release', async () => {
    const id = await reached(open(), [exchange, approve, claim, release])
    expect(await open().claim(id, 'second', 15, at(5))).toMatchObject({ fence: 2 })
  })

  test('knows nothing of an unknown id', async () => {
    for (const event of Object.values(events)) expect(await event(open(), newId())).toBeUndefined()
    expect(await open().find(newId())).toBeUndefined()
  })

  test.each([undefined, null, { $ne: 1 }, { $exists: true }, /./, 5, ['x']])(
    'takes the id %p for no query',
    async (wrong) => {
      const { id } = await open().create(newDeferral())
      for (const event of Object.values(events)) {
        expect(await event(open(), wrong as unknown as string, new Date())).toBeUndefined()
      }
      expect(await open().find(wrong as unknown as string)).toBeUndefined()
      expect(await find(id)).toMatchObject({ status: 'pending', fence: 0 })
    },
  )

  test('goes by its own clock when it is given none', async () => {
    const record = await open().create(newDeferral())
    expect(Math.abs(record.createdAt.getTime() - Date.now())).toBeLessThan(5_000)
    expect(record.expiresAt.getTime() - record.createdAt.getTime()).toBe(60_000)
    const past = await open().create(newDeferral(), start)
    expect(await open().decide(past.id, 'approved', {})).toBeUndefined()
  })

  test('hands out copies', async () => {
    const record = await open().create(newDeferral(), start)
    record.scope.push('everything')
    expect((await find(record.id)).scope).toEqual(['openid', '$scope'])
  })

  test.each([
    ['exchanges', [], exchange],
    ['decisions', [exchange], (store: DeferralStore, id: string) => (Math.random() < 0.5 ? approve : deny)(store, id)],
    ['claims', [exchange, approve], (store: DeferralStore, id: string) => store.claim(id, newId(), 15, at(4))],
    ['cancellations', [exchange], cancel],
    ['resumptions', [exchange, requireInteraction], resume],
  ] as [string, Step[], Step][])('64 concurrent %s have one winner', async (_name, path, event) => {
    const id = await reached(open(), path)
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => event(open(), id)))
    expect(outcomes.filter(Boolean)).toHaveLength(1)
  })

  interactionContract(open)
  listingContract(open)
  notificationContract(open)
  notificationAttemptsContract(open)
  notificationErasureContract(open)
  dueContract(open)
}
