import { expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral.js'
import { erase } from '../../lib/deferral/erasure_transition.js'
import * as legs from '../../lib/deferral/leg_transitions.js'
import { dueChannels } from '../../lib/deferral/notification.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import type { Transition } from '../../lib/deferral/transition.js'
import * as to from '../../lib/deferral/transitions.js'
import { at } from '../store/new_deferral.js'
import { decision, reached } from './states.js'

const sealing = { sealed: 'sealed ping', delay: 15 }
const hinted = (hash: string, expiresIn = 60) => legs.openLeg({ kind: 'hint', hash, expiresIn, sealing }, 3)
const exchanged = reached(['exchange'])
const approve = to.decide('approved', decision)

function stepped(record: DeferralRecord, ...steps: [Transition, number][]): DeferralRecord {
  return steps.reduce((before, [transition, seconds]) => transition(before, at(seconds))?.after ?? before, record)
}

const approved = stepped(exchanged, [sending.arm(1), 2], [hinted('a'), 3], [sending.arm(1, 'ping'), 4], [approve, 10])

test('X-131 a decision owes both, and each has its own lease, fence and result', () => {
  expect(dueChannels(approved, at(10))).toEqual(['notification', 'ping'])
  const leased = stepped(approved, [sending.leaseNotification(10, 'ping'), 11])
  expect(dueChannels(leased, at(11))).toEqual(['notification'])
  expect(leased).toMatchObject({
    notification: { attempts: 0, fence: 0 },
    ping: { attempts: 1, fence: 1, due: at(21) },
  })
  const delivered = { status: 'delivered', answer: 204 } as const
  const settled = sending.settleNotification(1, delivered, 'ping')(leased, at(12))
  expect(settled?.entry).toEqual({ at: at(12), event: 'notified', answer: 204, channel: 'ping' })
  expect(settled?.after).toMatchObject({ ping: { status: 'delivered' }, notification: { status: 'owed' } })
  expect(settled?.after.ping).not.toHaveProperty('sealed')
})

test('X-131 a sweep looks at a ping that is due later than the notification', () => {
  const { after } = sending.settleNotification(0, { status: 'delivered', answer: 204 })(approved, at(11))!
  expect(after.wakeAt).toEqual(at(10))
  const leased = stepped(after, [sending.leaseNotification(10, 'ping'), 11])
  expect(leased.wakeAt).toEqual(at(21))
})

test.each([
  ['redeemed by either handle', to.redeem({ decision, decidedAt: at(10) })],
  ['given up by the client', to.cancel({ isByClient: true })],
])('X-131 X-132 %s: both are dropped, with their secrets', (_name, transition) => {
  const { after } = transition(approved, at(12))!
  for (const channel of ['notification', 'ping'] as const) {
    expect(after[channel]).toMatchObject({ status: 'suppressed' })
    expect(after[channel]).not.toHaveProperty('sealed')
  }
})

test('X-134 nobody is pinged for a leg that has expired or was superseded', () => {
  const late = stepped(exchanged, [hinted('a', 5), 3], [approve, 9])
  expect(late.ping).toMatchObject({ status: 'suppressed' })
  expect(late.ping).not.toHaveProperty('sealed')
  const again = stepped(exchanged, [hinted('a'), 3], [sending.arm(1, 'ping'), 4], [hinted('b'), 5])
  expect(again.ping).toMatchObject({ status: 'waiting', notBefore: at(20) })
  const byProvider = legs.openLeg({ kind: 'reach_out', hash: 'c', expiresIn: 60 }, 3)
  expect(stepped(again, [byProvider, 6])).not.toHaveProperty('ping')
})

test('X-131 a leg that ends without a decision is pinged once; a later decision does not ping again', () => {
  const ended = stepped(exchanged, [hinted('a'), 3], [sending.arm(1, 'ping'), 4], [legs.endLeg('a', 'server_error'), 6])
  expect(ended).toMatchObject({ status: 'pending', ping: { status: 'owed', due: at(6) }, wakeAt: at(6) })
  const lease = sending.leaseNotification(10, 'ping')
  const delivered = sending.settleNotification(1, { status: 'delivered', answer: 204 }, 'ping')
  const done = stepped(ended, [lease, 6], [delivered, 7], [approve, 8])
  expect(done).toMatchObject({ status: 'approved', ping: { status: 'delivered' }, notification: { status: 'owed' } })
})

test('X-131 a leg that was never asked takes its ping with it', () => {
  const two = stepped(exchanged, [hinted('a'), 3], [hinted('b'), 4])
  expect(stepped(two, [legs.freeLeg('a', 'down'), 5])).toHaveProperty('ping')
  expect(stepped(two, [legs.freeLeg('b', 'down'), 5])).not.toHaveProperty('ping')
})

test('X-131 the expiry ends both, an extension postpones both, a replay sends both again', () => {
  const expired = to.expire(approved, at(700))
  expect(expired?.entry).toMatchObject({ event: 'expired', notification: 'failed' })
  expect(expired?.after).toMatchObject({ notification: { status: 'failed' }, ping: { status: 'failed' } })
  const waiting = stepped(exchanged, [hinted('a'), 3], [to.extend(2000), 4])
  expect(waiting).toMatchObject({ notification: { due: at(2004) }, ping: { due: at(2004) } })
  const failed = { status: 'failed', reason: 'the endpoint answered 404' } as const
  const both = stepped(
    approved,
    [sending.leaseNotification(10), 11],
    [sending.leaseNotification(10, 'ping'), 11],
    [sending.settleNotification(1, failed), 12],
    [sending.settleNotification(1, failed, 'ping'), 12],
  )
  expect(sending.replayNotification('kim')(both, at(20))?.after).toMatchObject({
    notification: { status: 'owed', attempts: 0, fence: 2 },
    ping: { status: 'owed', attempts: 0, fence: 2 },
  })
})

test('X-131 an erasure keeps the secrets of a ping that is owed, and erases those of one that is not', () => {
  const cancelled = stepped(approved, [to.cancel({ by: 'kim' }), 12])
  const erased = erase('kim')({ ...cancelled, readAt: at(13) }, at(13))?.after
  expect(erased).toMatchObject({ ping: { status: 'owed', sealed: 'sealed ping' }, notification: { status: 'owed' } })
  const delivered = sending.settleNotification(0, { status: 'delivered', answer: 204 }, 'ping')
  expect(erase('kim')(stepped(cancelled, [delivered, 13]), at(14))?.after.ping).not.toHaveProperty('sealed')
})
