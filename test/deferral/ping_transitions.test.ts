import { expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { erase } from '../../lib/deferral/erasure_transition.js'
import * as legs from '../../lib/deferral/leg_transitions.js'
import { dueChannels } from '../../lib/deferral/notification.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import * as sweeps from '../../lib/deferral/sweep_transitions.js'
import type { Transition } from '../../lib/deferral/transition.js'
import * as to from '../../lib/deferral/transitions.js'
import { approve as approveOrVote } from '../../lib/deferral/vote_transitions.js'
import { at } from '../store/new_deferral.js'
import { decision, reached } from './states.js'

const sealing = { sealed: 'sealed ping', delay: 15 }
const hinted = (hash: string, expiresIn = 60) => legs.openLeg({ kind: 'hint', hash, expiresIn, sealing }, 3)
const exchanged = reached(['exchange'])
const approve = to.decide('approved', decision)
const approveAs = (by: string) => approveOrVote({ by }, {})

function stepped(record: DeferralRecord, ...steps: [Transition, number][]): DeferralRecord {
  return steps.reduce((before, [transition, seconds]) => transition(before, at(seconds))?.after ?? before, record)
}

const approved = stepped(exchanged, [sending.arm(1), 2], [hinted('a'), 3], [sending.armPing(1, 'a'), 4], [approve, 10])

test('X-131 a decision owes both, and each has its own lease, fence and result', () => {
  expect(dueChannels(approved, at(10))).toEqual(['notification', 'ping'])
  const leased = stepped(approved, [sending.leaseNotification(10, 'ping'), 11])
  expect(dueChannels(leased, at(11))).toEqual(['notification'])
  expect(leased).toMatchObject({
    notification: { attempts: 0, fence: 0 },
    ping: { attempts: 1, fence: 2, due: at(21) },
  })
  const delivered = { status: 'delivered', answer: 204 } as const
  const settled = sending.settleNotification(2, delivered, 'ping')(leased, at(12))
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
  const again = stepped(exchanged, [hinted('a'), 3], [sending.armPing(1, 'a'), 4], [hinted('b'), 5])
  expect(again.ping).toMatchObject({ status: 'waiting', notBefore: at(20) })
  expect(stepped(again, [sending.armPing(1, 'a'), 6]).ping).toEqual(again.ping)
  const byProvider = legs.openLeg({ kind: 'reach_out', hash: 'c', expiresIn: 60 }, 3)
  expect(stepped(again, [byProvider, 6]).ping).toMatchObject({ status: 'suppressed' })
})

test('X-109 X-131 a leg that was answered with a vote keeps its ping when the provider asks again', () => {
  const quorum = reached(['exchange'], { quorum: 2 })
  const voted = legs.answerLeg('a', approveAs('kim'))
  const byProvider = legs.openLeg({ kind: 'reach_out', hash: 'b', expiresIn: 60 }, 3)
  const asked = stepped(quorum, [hinted('a'), 3], [voted, 4], [byProvider, 5])
  expect(asked).toMatchObject({ status: 'pending', legs: [{ answeredAt: at(4) }, {}], ping: { status: 'waiting' } })
  expect(stepped(asked, [approveAs('lee'), 6])).toMatchObject({ status: 'approved', ping: { status: 'owed' } })
})

test('X-104 X-131 a ping ends with the time of its leg, and its secrets are erased', () => {
  const waiting = stepped(exchanged, [hinted('a', 20), 3])
  expect(waiting.wakeAt).toEqual(at(23))
  expect(sending.endPing(waiting, at(22))).toBeUndefined()
  expect(sending.endPing(waiting, at(23))?.after.ping).toEqual(
    expect.not.objectContaining({ sealed: expect.anything() }),
  )
  const tried = stepped(
    exchanged,
    [hinted('a', 20), 3],
    [sending.armPing(1, 'a'), 4],
    [approve, 10],
    [sending.leaseNotification(10, 'ping'), 11],
    [sending.settleNotification(2, { status: 'owed', delay: 60, reason: 'the endpoint answered 503' }, 'ping'), 12],
  )
  expect(tried.ping).toMatchObject({ status: 'owed', attempts: 1, due: at(23) })
  expect(sending.leaseNotification(10, 'ping')(tried, at(23))).toBeUndefined()
  const over = sending.endPing(tried, at(23))
  expect(over?.entry).toEqual({ at: at(23), event: 'notification_failed', channel: 'ping' })
  expect(over?.after).toMatchObject({
    status: 'approved',
    ping: { status: 'failed' },
    notification: { status: 'owed' },
  })
  expect(over?.after.ping).not.toHaveProperty('sealed')
  expect(sending.replayNotification()(over!.after, at(24))).toBeUndefined()
})

test('X-131 the late result of an attempt for an earlier leg does not settle the ping of the next one', () => {
  const lease = sending.leaseNotification(10, 'ping')
  const first = stepped(
    exchanged,
    [hinted('a'), 3],
    [sending.armPing(1, 'a'), 4],
    [legs.endLeg('a', 'broken'), 5],
    [lease, 6],
  )
  const second = stepped(first, [hinted('b'), 7], [sending.armPing(1, 'b'), 8], [approve, 10], [lease, 11])
  const late = { status: 'delivered', answer: 204 } as const
  expect(sending.settleNotification(first.ping?.fence ?? 0, late, 'ping')(second, at(12))).toBeUndefined()
  const freed = stepped(second, [legs.freeLeg('b', 'down'), 12])
  expect(freed.ping).toMatchObject({ status: 'suppressed', fence: second.ping?.fence })
})

test('a lease that is given back has cost no attempt', () => {
  const leased = stepped(approved, [sending.leaseNotification(10), 11])
  expect(sending.returnNotification(0)(leased, at(14))).toBeUndefined()
  const returned = sending.returnNotification(1)(leased, at(14))
  expect(returned?.entry).toBeUndefined()
  expect(returned?.after.notification).toMatchObject({ status: 'owed', attempts: 0, due: at(14), fence: 1 })
  expect(returned?.after.notification).not.toHaveProperty('leased')
  expect(dueChannels(returned!.after, at(14))).toContain('notification')
})

test('X-131 a leg that ends without a decision is pinged once; a later decision does not ping again', () => {
  const ended = stepped(
    exchanged,
    [hinted('a'), 3],
    [sending.armPing(1, 'a'), 4],
    [legs.endLeg('a', 'server_error'), 6],
  )
  expect(ended).toMatchObject({ status: 'pending', ping: { status: 'owed', due: at(6) }, wakeAt: at(6) })
  const lease = sending.leaseNotification(10, 'ping')
  const delivered = sending.settleNotification(2, { status: 'delivered', answer: 204 }, 'ping')
  const done = stepped(ended, [lease, 6], [delivered, 7], [approve, 8])
  expect(done).toMatchObject({ status: 'approved', ping: { status: 'delivered' }, notification: { status: 'owed' } })
})

test('X-131 a leg that was never asked takes its ping with it', () => {
  const two = stepped(exchanged, [hinted('a'), 3], [hinted('b'), 4])
  expect(stepped(two, [legs.freeLeg('a', 'down'), 5]).ping).toMatchObject({ status: 'waiting' })
  expect(stepped(two, [legs.freeLeg('b', 'down'), 5]).ping).toMatchObject({ status: 'suppressed' })
})

test('X-131 the expiry ends both, an extension postpones the notification, a replay sends both again', () => {
  const expired = sweeps.expire(approved, at(700))
  expect(expired?.entry).toMatchObject({ event: 'expired', notification: 'failed' })
  expect(expired?.after).toMatchObject({ notification: { status: 'failed' }, ping: { status: 'failed' } })
  const waiting = stepped(exchanged, [hinted('a'), 3], [to.extend(2000), 4])
  expect(waiting).toMatchObject({ notification: { due: at(2004) }, ping: { due: at(63) } })
  const failed = { status: 'failed', reason: 'the endpoint answered 404' } as const
  const both = stepped(
    approved,
    [sending.leaseNotification(10), 11],
    [sending.leaseNotification(10, 'ping'), 11],
    [sending.settleNotification(1, failed), 12],
    [sending.settleNotification(2, failed, 'ping'), 12],
  )
  expect(sending.replayNotification('kim')(both, at(20))?.after).toMatchObject({
    notification: { status: 'owed', attempts: 0, fence: 2 },
    ping: { status: 'owed', attempts: 0, fence: 3 },
  })
})

test('X-131 an erasure keeps the secrets of a ping that is owed, and erases those of one that is not', () => {
  const cancelled = stepped(approved, [to.cancel({ by: 'kim' }), 12])
  const erased = erase('kim')({ ...cancelled, readAt: at(13) }, at(13))?.after
  expect(erased).toMatchObject({ ping: { status: 'owed', sealed: 'sealed ping' }, notification: { status: 'owed' } })
  const delivered = sending.settleNotification(1, { status: 'delivered', answer: 204 }, 'ping')
  expect(erase('kim')(stepped(cancelled, [delivered, 13]), at(14))?.after.ping).not.toHaveProperty('sealed')
})
