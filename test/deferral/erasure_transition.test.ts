import type { DeferralRecord, NotificationRecord } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { cancelOpen, erase, unlessErased } from '../../lib/deferral/erasure_transition.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import type { Transition } from '../../lib/deferral/transition.js'
import { at } from '../store/new_deferral.js'
import { fullRecord, person } from './full_record.js'
import { applied, type EventName, events, reached, settlements } from './states.js'

const statuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed'] as const
const profiles = ['openid', 'oauth'] as const
const later = at(700)

/** A record as a read at this time returns it. */
const readAt = (record: DeferralRecord, seconds: number): DeferralRecord => ({ ...record, readAt: at(seconds) })

/** What an erasure of a full record leaves, whatever its status. */
const left = {
  id: 'idOfTheDeferral0000000',
  issuer: 'https://op.example',
  clientId: 'client',
  grantType: 'authorization_code',
  queue: 'payments',
  quorum: 2,
  interval: 5,
  lifetime: 600,
  retention: 86_400,
  direct: 'claimed',
  codeHash: 'hash of the code',
  handleHash: 'hash of the handle',
  binding: { jkt: 'jkt', x5t: 'x5t', attestationJkt: 'attestation' },
  scope: [],
  resource: [],
  source: {},
  cancelledBy: ['kim'],
  cancellationReason: 'code.reused',
  notification: { status: 'delivered', attempts: 1, fence: 1, notBefore: at(2), deliveredAt: at(4), answer: 204 },
  ping: { status: 'delivered', attempts: 1, fence: 1, notBefore: at(2), deliveredAt: at(4), answer: 204 },
  createdAt: at(0),
  exchangedAt: at(1),
  expiresAt: at(601),
  expiredAt: at(602),
  dueAt: at(300),
  overdueAt: at(301),
  readAt: at(620),
  erasedAt: later,
}
const decided = { decision: { by: ['robin'] }, decidedAt: at(4) }
const ofStatus = {
  pending: {},
  approved: decided,
  denied: decided,
  cancelled: { ...decided, cancelledAt: at(5) },
  redeemed: { ...decided, redeemedAt: at(5) },
}

describe.each(profiles)('an erasure in the %s profile', (profile) => {
  test.each(statuses)('leaves of one that is %s exactly these members', (status) => {
    const change = erase('kim')(fullRecord(status, profile), later)
    expect(change?.after).toStrictEqual({ ...left, profile, status, ...ofStatus[status] })
    expect(change?.entry).toStrictEqual({ at: later, event: 'erased', by: 'kim' })
    expect(change?.erasedNames).toEqual([person])
    expect(change?.unexpired).toBe(false)
  })

  test.each(statuses)('is refused the second time of one that is %s', (status) => {
    const { after } = erase()(fullRecord(status, profile), later) ?? {}
    expect(erase()(after as DeferralRecord, at(800))).toBeUndefined()
  })
})

describe('the names in a record', () => {
  const denied = fullRecord('denied', 'oauth') as Extract<DeferralRecord, { status: 'approved' | 'denied' }>
  const erasedBy = (by?: string | string[]) => {
    const record = { ...denied, decision: { by }, cancelledBy: by } as DeferralRecord
    const { after, entry } = erase(by)(record, later) ?? {}
    const { decision, cancelledBy } = after as typeof denied
    return [decision, { by: cancelledBy }, { by: entry?.by }].map((names) => names.by)
  }

  test.each([
    ['a colleague', 'kim', 'kim'],
    ['two colleagues', ['kim', 'robin'], ['kim', 'robin']],
    ['a colleague and the person', ['kim', person], ['kim']],
    ['the person', person, undefined],
    ['the person alone in an array', [person], undefined],
    ['nobody', undefined, undefined],
  ])('of %s', (_who, by, expected) => expect(erasedBy(by)).toEqual([expected, expected, expected]))

  test('stay where there is no account', () => {
    const { accountId, ...record } = fullRecord('denied', 'oauth')
    const change = erase(person)(record as DeferralRecord, later)
    expect(change?.erasedNames).toEqual([])
    expect(change?.entry).toMatchObject({ by: person })
    expect(change?.after).toMatchObject({ decision: { by: ['robin', person] }, cancelledBy: ['kim', person] })
  })

  test('that are absent stay absent', () => {
    const change = erase()(readAt(reached(['exchange']), 601), later)
    expect(change?.entry).toStrictEqual({ at: later, event: 'erased' })
    for (const name of ['decision', 'cancelledBy', 'cancellationReason']) expect(change?.after).not.toHaveProperty(name)
  })
})

describe('what is open', () => {
  const pending = reached(['exchange'])
  const approved = reached(['exchange', 'approve'])

  test('is not erased, but cancelled first, by the one who erases', () => {
    for (const record of [pending, approved].map((one) => readAt(one, 600.999))) {
      expect(erase('kim')(record, at(600.999))).toBeUndefined()
      const cancelled = cancelOpen('kim')(record, at(600.999))
      expect(cancelled?.after).toMatchObject({ status: 'cancelled', cancelledBy: 'kim', cancelledAt: at(600.999) })
      expect(cancelled?.entry).toStrictEqual({ at: at(600.999), event: 'cancelled', by: 'kim' })
      expect(erase('kim')(cancelled!.after, at(600.999))?.after).toMatchObject({ status: 'cancelled' })
    }
  })

  test('and has expired is erased as it is, and not cancelled', () => {
    for (const record of [pending, approved].map((one) => readAt(one, 601))) {
      expect(cancelOpen('kim')(record, at(601))).toBeUndefined()
      expect(erase('kim')(record, at(601))?.after.status).toBe(record.status)
    }
  })

  test('is open until it expires by the time of the store, not by the estimate of the node', () => {
    const record = readAt(pending, 600.999)
    expect(erase()(record, at(602))).toBeUndefined()
    expect(cancelOpen()(record, at(602))).toBeDefined()
  })

  test('ended is not cancelled', () => {
    for (const path of [['deny'], ['cancel'], ['exchange', 'approve', 'redeem']] as EventName[][])
      expect(cancelOpen()(readAt(reached(path), 10), at(10))).toBeUndefined()
  })
})

describe('the notification', () => {
  const notificationOf = (record: DeferralRecord) => erase()(record, at(30))?.after.notification
  const secrets = ['sealed', 'due', 'leased']

  test('that has to be sent stays as it is, also while it is being sent', () => {
    const paths = [
      ['exchange', 'deny'],
      ['exchange', 'cancel'],
      ['exchange', 'deny', 'lease'],
      ['exchange', 'deny', 'lease', 'settleOwed'],
    ] as EventName[][]
    for (const record of paths.map((path) => reached(path))) {
      expect(record.notification).toMatchObject({ status: 'owed', sealed: 'sealed' })
      expect(notificationOf(record)).toEqual(record.notification)
      expect(erase()(record, at(30))?.after.wakeAt).toEqual(record.wakeAt)
    }
  })

  test.each([
    ['delivered', ['exchange', 'deny', 'lease', 'settleDelivered']],
    ['failed', ['exchange', 'deny', 'lease', 'settleFailed']],
    ['suppressed', ['exchange', 'deny', 'lease', 'settleSuppressed']],
  ] as [NotificationRecord['status'], EventName[]][])('that is %s stays without its secrets', (status, path) => {
    const notification = notificationOf(reached(path))
    expect(notification?.status).toBe(status)
    for (const secret of secrets) expect(notification).not.toHaveProperty(secret)
  })

  test('of a deferral that expired before its end is suppressed, without its secrets', () => {
    const notification = erase()(readAt(reached(['exchange']), 601), at(601))?.after.notification
    expect(notification?.status).toBe('suppressed')
    for (const secret of secrets) expect(notification).not.toHaveProperty(secret)
  })

  test('is sent after the erasure; its secrets go when it is delivered, and when it has failed', () => {
    const record = erase()(reached(['exchange', 'deny']), at(5))!.after
    const leased = unlessErased(sending.leaseNotification(10))(record, at(20))!.after
    for (const [status, settlement] of Object.entries(settlements)) {
      const settled = unlessErased(sending.settleNotification(1, settlement))(leased, at(21))?.after.notification
      expect(settled?.status).toBe(status)
      expect(settled?.sealed).toBe(status === 'owed' ? 'sealed' : undefined)
    }
    expect(sending.replayNotification()(applied('lease', record)!.after, at(30))).toBeUndefined()
  })
})

describe('after an erasure', () => {
  const lasting = ['arm', 'lease', 'suppress', 'expire']
  // read after their expiry, and then looked at as if the clock had gone back
  const paths: [string, EventName[]][] = [
    ['denied, not exchanged', ['deny']],
    ['denied', ['exchange', 'deny']],
    ['denied, leased', ['exchange', 'deny', 'lease']],
    ['failed', ['exchange', 'deny', 'lease', 'settleFailed']],
    ['cancelled', ['exchange', 'cancel']],
    ['redeemed', ['exchange', 'approve', 'redeem']],
    ['pending', ['exchange']],
    ['approved', ['exchange', 'approve']],
    ['in interaction', ['exchange', 'requireInteraction']],
  ]

  describe.each(paths)('%s', (_name, path) => {
    test.each(Object.keys(events) as EventName[])('%s writes nothing of a person', (name) => {
      const record = erase()(readAt(reached(path), 601), at(31))!.after
      const [seconds, transition]: readonly [number, Transition] = events[name]
      const change = unlessErased(transition)(record, at(seconds))
      if (!lasting.includes(name) && !name.startsWith('settle')) expect(change).toBeUndefined()
      if (!change) return
      const { notification, expiredAt, wakeAt, ...others } = change.after
      expect(record).toMatchObject(others)
      expect(change.entry ?? {}).not.toHaveProperty('by')
    })
  })

  test('what it refuses is permitted before it', () => {
    const record = reached([])
    for (const name of ['exchange', 'comment', 'cancel'] as const)
      expect(unlessErased(events[name][1])(record, at(events[name][0]))).toEqual(applied(name, record))
  })

  test('a change is permitted only if its members and its entry are', () => {
    const record = erase()(reached(['exchange', 'deny']), at(5))!.after
    const permits = (members: object, event?: string) =>
      unlessErased((before) => ({
        after: { ...before, ...members },
        ...(event !== undefined && { entry: { at: at(6), event } }),
      }))(record, at(6)) !== undefined
    expect(permits({ expiredAt: at(6) }, 'expired')).toBe(true)
    expect(permits({ wakeAt: at(6) })).toBe(true)
    expect(permits({ title: 'again' })).toBe(false)
    expect(permits({ title: 'again' }, 'expired')).toBe(false)
    expect(permits({ clientId: undefined })).toBe(false)
    expect(permits({}, 'commented')).toBe(false)
    expect(permits({}, 'notified')).toBe(true)
  })
})
