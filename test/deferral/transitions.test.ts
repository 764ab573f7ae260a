import { describe, expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { at } from '../store/new_deferral.js'
import { applied, type EventName, events, reached } from './states.js'

const waiting = ['approve', 'deny', 'progress', 'requireInteraction', 'assign'] as const
const settle = ['settleDelivered', 'settleOwed', 'settleFailed', 'settleSuppressed'] as const
const cancels = ['cancel', 'cancelByTwo', 'cancelByClient'] as const
const open = [...cancels, 'extend', 'suppress'] as const

const names = Object.keys(events) as EventName[]

/** The events that lead there, the statuses of deferral and notification, when it has to be looked at next, what moves it. */
type Row = [
  path: EventName[],
  is: [deferral: string, notification: string | undefined],
  wakes: number | undefined,
  passes: EventName[],
]

/** How each status is reached, and which events it lets through beside `comment`, which always passes. */
const table: Record<string, Row> = {
  'pending, not exchanged': [[], ['pending', undefined], 60, ['exchange', ...waiting, ...cancels, 'expire']],
  pending: [['exchange'], ['pending', 'waiting'], 601, [...waiting, ...open, 'arm', 'expire']],
  'pending, armed': [['exchange', 'arm'], ['pending', 'waiting'], 601, [...waiting, ...open, 'arm', 'expire']],
  'waiting for an interaction': [
    ['exchange', 'requireInteraction'],
    ['pending', 'waiting'],
    601,
    [...waiting, 'resume', ...open, 'arm', 'expire'],
  ],
  resumed: [
    ['exchange', 'requireInteraction', 'resume'],
    ['pending', 'waiting'],
    601,
    [...waiting, ...open, 'arm', 'expire'],
  ],
  assigned: [['exchange', 'assign'], ['pending', 'waiting'], 601, [...waiting, ...open, 'unassign', 'arm', 'expire']],
  'assigned, and not any more': [
    ['exchange', 'assign', 'unassign'],
    ['pending', 'waiting'],
    601,
    [...waiting, ...open, 'arm', 'expire'],
  ],
  'assigned, approved': [
    ['exchange', 'assign', 'approve'],
    ['approved', 'owed'],
    16,
    [...open, 'arm', 'lease', 'redeem', 'expire'],
  ],
  'assigned, expired': [['exchange', 'assign', 'expire'], ['pending', 'suppressed'], undefined, [...cancels]],
  'approved, not exchanged': [['approve'], ['approved', undefined], 60, ['exchange', ...cancels, 'expire']],
  approved: [['exchange', 'approve'], ['approved', 'owed'], 16, [...open, 'arm', 'lease', 'redeem', 'expire']],
  'approved without the interaction': [
    ['exchange', 'requireInteraction', 'approve'],
    ['approved', 'owed'],
    16,
    [...open, 'arm', 'lease', 'redeem', 'expire'],
  ],
  'approved before the exchange': [
    ['approve', 'exchange'],
    ['approved', 'owed'],
    16,
    [...open, 'arm', 'lease', 'redeem', 'expire'],
  ],
  'approved, leased': [
    ['exchange', 'approve', 'lease'],
    ['approved', 'owed'],
    30,
    [...open, ...settle, 'redeem', 'expire'],
  ],
  'approved, owed again': [
    ['exchange', 'approve', 'lease', 'settleOwed'],
    ['approved', 'owed'],
    121,
    [...open, ...settle, 'redeem', 'replay', 'expire'],
  ],
  'approved, delivered': [
    ['exchange', 'approve', 'lease', 'settleDelivered'],
    ['approved', 'delivered'],
    601,
    [...cancels, 'extend', 'redeem', 'settleDelivered', 'expire'],
  ],
  'approved, failed': [
    ['exchange', 'approve', 'lease', 'settleFailed'],
    ['approved', 'failed'],
    601,
    [...open, ...settle, 'redeem', 'replay', 'expire'],
  ],
  'approved, suppressed': [
    ['exchange', 'approve', 'suppress'],
    ['approved', 'suppressed'],
    601,
    [...cancels, 'extend', 'redeem', 'expire'],
  ],
  'approved, expired': [['exchange', 'approve', 'expire'], ['approved', 'failed'], undefined, [...cancels]],
  'denied, not exchanged': [['deny'], ['denied', undefined], undefined, ['exchange']],
  denied: [['exchange', 'deny'], ['denied', 'owed'], 16, ['suppress', 'arm', 'lease', 'expire']],
  'denied before the exchange': [['deny', 'exchange'], ['denied', 'owed'], 16, ['suppress', 'arm', 'lease', 'expire']],
  'denied, failed': [
    ['exchange', 'deny', 'lease', 'settleFailed'],
    ['denied', 'failed'],
    601,
    ['suppress', ...settle, 'replay', 'expire'],
  ],
  'cancelled, not exchanged': [['cancel'], ['cancelled', undefined], undefined, []],
  cancelled: [['exchange', 'cancel'], ['cancelled', 'owed'], 16, ['suppress', 'arm', 'lease', 'expire']],
  'cancelled by its client': [['exchange', 'cancelByClient'], ['cancelled', 'suppressed'], undefined, []],
  'cancelled by its client, leased': [
    ['exchange', 'approve', 'lease', 'cancelByClient'],
    ['cancelled', 'suppressed'],
    undefined,
    ['settleDelivered'],
  ],
  'cancelled by its client, failed': [
    ['exchange', 'approve', 'lease', 'settleFailed', 'cancelByClient'],
    ['cancelled', 'failed'],
    undefined,
    ['settleDelivered'],
  ],
  redeemed: [['exchange', 'approve', 'redeem'], ['redeemed', 'suppressed'], 56, ['forgetAnswer']],
  'redeemed, leased': [
    ['exchange', 'approve', 'lease', 'redeem'],
    ['redeemed', 'suppressed'],
    56,
    ['settleDelivered', 'forgetAnswer'],
  ],
  'redeemed, delivered': [
    ['exchange', 'approve', 'lease', 'settleDelivered', 'redeem'],
    ['redeemed', 'delivered'],
    56,
    ['settleDelivered', 'forgetAnswer'],
  ],
  'redeemed, the answer forgotten': [
    ['exchange', 'approve', 'redeem', 'forgetAnswer'],
    ['redeemed', 'suppressed'],
    undefined,
    [],
  ],
  'expired undecided': [['exchange', 'expire'], ['pending', 'suppressed'], undefined, [...cancels]],
  'expired, not exchanged': [['expire'], ['pending', undefined], undefined, [...cancels]],
}

describe('I5 the events that move a deferral', () => {
  test.each(Object.entries(table))('%s', (_status, [path, is, wakes, passes]) => {
    const record = reached(path)
    expect([record.status, record.notification?.status]).toEqual(is)
    expect(record.wakeAt).toEqual(wakes === undefined ? undefined : at(wakes))
    // time does not go back
    const seconds = path.includes('expire') ? 602 : undefined
    const changes = names.map((name) => [name, applied(name, record, seconds)] as const)
    const moves = changes.filter(([, change]) => change).map(([name]) => name)
    expect(moves.sort()).toEqual([...passes, 'comment'].sort())
    for (const [, change] of changes) if (change) expectWhole(change.after)
  })
})

test('one whose expiry was swept, and that is extended after a failover set the clock back, is swept again', () => {
  const swept = reached(['exchange', 'expire'])
  const extended = applied('extend', swept, 600)?.after
  expect(extended).not.toHaveProperty('expiredAt')
  expect(extended?.wakeAt).toEqual(extended?.expiresAt)
})

// nobody is left with a secret that nothing will need, nor with one that nobody will erase
function expectWhole(record: DeferralRecord): void {
  expect(Object.values(record)).not.toContain(undefined)
  const { notification } = record
  expect(notification?.sealed === undefined).toBe(notification?.due === undefined)
  if (notification && !notification.sealed) expect(['failed', 'delivered', 'suppressed']).toContain(notification.status)
}
