import { describe, expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import { cancel, decide, extend } from '../../lib/deferral/transitions.js'
import { at } from '../store/new_deferral.js'
import { applied, type EventName, reached, sealing, settlements } from './states.js'

const leased: EventName[] = ['exchange', 'approve', 'lease']
const { sealed } = sealing
const told = (record: DeferralRecord | undefined) => record?.notification

describe('what is owed to the client', () => {
  test('without a sealing there is no notification, and never will be', () => {
    const record = reached(['approve'], { handleHash: 'hash' })
    for (const name of ['arm', 'lease', 'settleDelivered', 'replay', 'suppress'] as const)
      expect(applied(name, record)).toBeUndefined()
    for (const name of ['extend', 'cancelByClient', 'redeem', 'expire'] as const)
      expect(applied(name, record, 26)?.after ?? record).not.toHaveProperty('notification')
  })

  test('one that is created with its handle waits from the start', () => {
    const waits = { status: 'waiting', sealed, due: at(60), notBefore: at(15), attempts: 0, fence: 0 }
    const record = reached([], { handleHash: 'hash', sealing })
    expect(told(record)).toEqual(waits)
    expect(record).not.toHaveProperty('sealing')
  })

  test('I-100 O-091 one that waits ends with its deferral, and was never an attempt', () => {
    expect(applied('lease', reached(['exchange']), 601)).toBeUndefined()
    expect(told(reached(['exchange', 'expire']))).toEqual({
      status: 'suppressed',
      attempts: 0,
      fence: 0,
      notBefore: at(16),
    })
  })

  test.each(['approve', 'deny', 'cancel'] as const)('I-096 %s owes it from that very write on, held back', (name) => {
    const record = reached(['exchange', name])
    expect(told(record)).toMatchObject({ status: 'owed', due: at(16), attempts: 0, sealed })
    expect(applied('lease', record, 15.999)).toBeUndefined()
    const attempt = { status: 'owed', attempts: 1, attemptedAt: at(16), due: at(26), fence: 1, leased: true }
    expect(told(applied('lease', record, 16)?.after)).toMatchObject(attempt)
  })

  test('one that is decided long after the exchange is due at once', () => {
    expect(told(applied('approve', reached(['exchange']), 100)?.after)).toMatchObject({ status: 'owed', due: at(100) })
  })

  test('O-090 a decision before the exchange is owed with the exchange, and held back', () => {
    expect(reached(['approve'])).not.toHaveProperty('notification')
    const owed = { status: 'owed', due: at(16), notBefore: at(16) }
    expect(told(reached(['approve', 'exchange']))).toMatchObject(owed)
  })

  test('I-099 arm lets it go after its delay, and not again once it was tried', () => {
    const record = sending.arm(1)(reached(['approve', 'exchange']), at(2))?.after as DeferralRecord
    expect(record.wakeAt).toEqual(at(3))
    expect(applied('lease', record, 2.999)).toBeUndefined()
    const tried = applied('lease', record, 3)?.after as DeferralRecord
    expect(sending.arm(1)(tried, at(4))).toBeUndefined()
  })

  test('arm before the decision shortens the hold, and no more', () => {
    const record = sending.arm(1)(reached(['exchange']), at(1.5))?.after as DeferralRecord
    expect(told(record)).toMatchObject({ status: 'waiting', notBefore: at(2.5), due: at(601) })
    expect(told(decide('approved', {})(record, at(2))?.after)).toMatchObject({ due: at(2.5) })
  })

  test('I-100 a decision on what has expired is told to nobody', () => {
    const record = cancel({ by: 'reviewer' })(reached(['exchange']), at(601))?.after
    expect(told(record)).toMatchObject({ status: 'waiting', due: at(601) })
    expect(told(applied('expire', record!)?.after)).toMatchObject({ status: 'suppressed' })
  })
})

describe('an attempt', () => {
  test.each(Object.entries(settlements))('a fence that is stale settles nothing: %s', (_name, settlement) => {
    const again = applied('lease', reached(leased), 30)?.after as DeferralRecord
    for (const fence of [0, 1, 3]) expect(sending.settleNotification(fence, settlement)(again, at(31))).toBeUndefined()
    const { after } = sending.settleNotification(2, settlement)(again, at(31))!
    expect(told(after)).toMatchObject({ status: settlement.status, fence: 2 })
    // a fence from before a replay is stale, too
    expect(applied('settleFailed', reached([...leased, 'settleFailed', 'replay']), 31)).toBeUndefined()
  })

  const common = { attempts: 1, fence: 1, attemptedAt: at(20), notBefore: at(16) }
  test.each([
    ['settleDelivered', { status: 'delivered', answer: 204, deliveredAt: at(21), ...common }],
    ['settleOwed', { ...common, status: 'owed', sealed, due: at(121), answer: 503, reason: settlements.owed.reason }],
    [
      'settleFailed',
      { ...common, status: 'failed', sealed, due: at(601), answer: 401, reason: settlements.failed.reason },
    ],
    ['settleSuppressed', { ...common, status: 'suppressed' }],
  ] as const)('%s leaves this', (name, expected) => {
    expect(told(reached([...leased, name]))).toEqual(expected)
  })

  test('what was known of the attempt before is forgotten', () => {
    const second = applied('lease', reached([...leased, 'settleOwed']), 121)?.after as DeferralRecord
    const unanswered = { status: 'owed', delay: 5, reason: 'no answer: ECONNRESET', answer: undefined } as const
    const owed = sending.settleNotification(2, unanswered)(second, at(122))?.after as DeferralRecord
    const expected = { reason: 'no answer: ECONNRESET', attempts: 2, attemptedAt: at(121), due: at(127) }
    expect(told(owed)).toMatchObject(expected)
    expect(told(owed)).not.toHaveProperty('answer')
    const third = applied('lease', owed, 127)?.after as DeferralRecord
    const delivered = sending.settleNotification(3, settlements.delivered)(third, at(128))?.after
    for (const name of ['reason', 'sealed', 'leased']) expect(told(delivered)).not.toHaveProperty(name)
  })

  test('a lease is given again when it has ended, and not before', () => {
    const record = reached(leased)
    expect(applied('lease', record, 29.999)).toBeUndefined()
    expect(told(applied('lease', record, 30)?.after)).toMatchObject({ fence: 2, attempts: 2, due: at(40) })
  })

  test('I-100 a next attempt that would come too late is a last look at the expiry', () => {
    const late = { status: 'owed', delay: 36_000, reason: 'busy' } as const
    const record = sending.settleNotification(1, late)(reached(leased), at(21))?.after as DeferralRecord
    expect(told(record)).toMatchObject({ status: 'owed', due: at(601), sealed })
    expect(applied('lease', record, 601)).toBeUndefined()
    const over = applied('expire', record)?.after
    expect(told(over)).toMatchObject({ status: 'failed', reason: 'busy', attempts: 1 })
    expect(told(over)).not.toHaveProperty('sealed')
  })
})

describe('a replay', () => {
  test('starts anew and at once, also one that is not due yet, and forgets no more than the schedule', () => {
    for (const name of ['settleFailed', 'settleOwed'] as const) {
      const record = reached([...leased, name, 'replay'])
      expect(told(record)).toMatchObject({ status: 'owed', due: at(30), attempts: 0, fence: 2, sealed })
      expect(told(applied('lease', record, 30)?.after)).toMatchObject({ attempts: 1, fence: 3 })
    }
    const soon = reached([...leased, 'settleOwed'])
    expect(applied('replay', soon, 121)).toBeUndefined()
    expect(applied('replay', soon, 120.999)).toBeDefined()
  })

  test('I-098 does not let go what is held back, and never meets a lease', () => {
    const held = applied('replay', reached(['approve', 'exchange']), 2)?.after as DeferralRecord
    expect(applied('lease', held, 15.999)).toBeUndefined()
    expect(applied('lease', held, 16)).toBeDefined()
    for (const seconds of [20, 25, 29.999]) expect(applied('replay', reached(leased), seconds)).toBeUndefined()
  })
})

describe('the erasure of what is sealed', () => {
  test('I-120 one that failed keeps it until the deferral expires, and not after', () => {
    const record = reached([...leased, 'settleFailed'])
    expect(applied('replay', record, 600.999)).toBeDefined()
    const over = applied('expire', record)?.after as DeferralRecord
    expect(told(over)).toMatchObject({ status: 'failed', reason: settlements.failed.reason, answer: 401 })
    for (const name of ['sealed', 'due']) expect(told(over)).not.toHaveProperty(name)
    expect(applied('replay', over, 602)).toBeUndefined()
    // an attempt that fails when the time is over keeps nothing either
    const late = sending.settleNotification(1, settlements.failed)(reached(leased), at(601))?.after
    expect(told(late)).not.toHaveProperty('sealed')
  })

  test.each(['cancelByClient', 'redeem', 'suppress'] as const)('I-107 I-120 comes with %s, leased or not', (name) => {
    for (const path of [[], ['lease'], ['lease', 'settleOwed'], ['lease', 'settleFailed']] as EventName[][]) {
      const record = reached(['exchange', 'approve', ...path])
      for (const member of ['sealed', 'due', 'leased'])
        expect(told(applied(name, record)?.after)).not.toHaveProperty(member)
    }
  })

  test('I-120 extend moves its instant with the expiry, to either side', () => {
    for (const path of [['exchange'], [...leased, 'settleFailed']] as EventName[][]) {
      const record = reached([...path, 'extend'])
      expect(told(record)).toMatchObject({ due: at(3627) })
      expect(told(extend(10)(record, at(30))?.after)).toMatchObject({ due: at(40) })
    }
  })

  test('extend leaves an attempt and a lease to their time, unless the expiry comes first', () => {
    const owed = reached([...leased, 'settleOwed'])
    expect(told(applied('extend', owed)?.after)).toMatchObject({ due: at(121) })
    expect(told(extend(5)(owed, at(30))?.after)).toMatchObject({ due: at(35) })
    expect(told(extend(5)(reached(leased), at(21))?.after)).toMatchObject({ due: at(30), leased: true })
  })
})
