import type { Decision } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import * as to from '../../lib/deferral/transitions.js'
import { at, newDeferral } from '../store/new_deferral.js'
import { applied, decision, type EventName, events, reached, sealing } from './states.js'

const leased: EventName[] = ['exchange', 'approve', 'lease']

/** From where each event starts, its history entry, and whether it is refused once the deferral has expired. */
const entries: [EventName, EventName[], object | undefined, 'unexpired' | 'at any time'][] = [
  ['exchange', [], { event: 'exchanged' }, 'unexpired'],
  ['progress', ['exchange'], { event: 'progress', step: 'review' }, 'unexpired'],
  ['requireInteraction', [], { event: 'interaction_required', host: 'op.example' }, 'unexpired'],
  ['resume', ['requireInteraction'], { event: 'resumed' }, 'unexpired'],
  ['assign', [], { event: 'assigned', by: 'kim', to: 'robin', until: at(902) }, 'unexpired'],
  ['unassign', ['assign'], { event: 'unassigned', by: 'kim', from: 'robin' }, 'unexpired'],
  ['comment', [], { event: 'commented', by: 'kim', text: 'a comment' }, 'at any time'],
  ['approve', [], { event: 'approved', by: 'reviewer' }, 'unexpired'],
  ['deny', [], { event: 'denied', by: 'reviewer' }, 'unexpired'],
  ['cancel', [], { event: 'cancelled', by: 'reviewer' }, 'at any time'],
  ['cancelByTwo', [], { event: 'cancelled', by: ['robin', 'kim'] }, 'at any time'],
  ['cancelByClient', [], { event: 'cancelled', isByClient: true }, 'at any time'],
  ['extend', ['exchange'], { event: 'extended', expiresAt: at(3627) }, 'unexpired'],
  ['redeem', ['exchange', 'approve'], { event: 'redeemed' }, 'unexpired'],
  ['expire', ['exchange'], { event: 'expired' }, 'at any time'],
  ['forgetAnswer', ['exchange', 'approve', 'redeem'], undefined, 'at any time'],
  ['suppress', ['exchange'], { event: 'notification_suppressed' }, 'at any time'],
  ['arm', ['exchange'], undefined, 'at any time'],
  ['lease', ['exchange', 'approve'], { event: 'notification_attempted', attempts: 1 }, 'unexpired'],
  ['settleDelivered', leased, { event: 'notified', answer: 204 }, 'at any time'],
  [
    'settleOwed',
    leased,
    { event: 'notification_postponed', answer: 503, reason: 'the endpoint answered 503' },
    'at any time',
  ],
  [
    'settleFailed',
    leased,
    { event: 'notification_failed', answer: 401, reason: 'the endpoint answered 401' },
    'at any time',
  ],
  ['settleSuppressed', leased, { event: 'notification_suppressed' }, 'at any time'],
  ['replay', [...leased, 'settleFailed'], { event: 'notification_replayed' }, 'unexpired'],
]

describe('the history entry of an event', () => {
  test.each(entries)('%s', (name, path, entry, when) => {
    const record = reached(path)
    const seconds = events[name][0]
    const change = applied(name, record)
    expect(change?.entry).toStrictEqual(entry && { at: at(seconds), ...entry })
    expect(change?.unexpired ?? false).toBe(when === 'unexpired')
    // what the store is told, the guard says as well
    const expiry = (record.expiresAt.getTime() - at(0).getTime()) / 1000
    if (when === 'at any time') return
    if (name !== 'resume') expect(applied(name, record, expiry - 0.001)).toBeDefined()
    expect(applied(name, record, expiry)).toBeUndefined()
  })

  test('there is one row for each event', () => {
    expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(events).sort())
  })

  test('O-067 a step that is said again is not in the history again, a new one is', () => {
    const record = reached(['exchange', 'progress'])
    const again = to.progress({ step: 'review', position: 1 })(record, at(5))
    expect(again).toMatchObject({ after: { progress: { step: 'review', position: 1 } } })
    expect(again).not.toHaveProperty('entry')
    const next = to.progress({ step: 'sign' })(record, at(5))
    expect(next).toMatchObject({ after: { progress: { step: 'sign' } }, entry: { event: 'progress', step: 'sign' } })
    expect(next?.after.progress).not.toHaveProperty('position')
  })

  test('the end of the time is in the history once, and tells when the word to the client ended with it', () => {
    expect(applied('expire', reached(['exchange', 'approve']), 600.999)).toBeUndefined()
    const owed = applied('expire', reached(['exchange', 'approve']))
    expect(owed?.entry).toEqual({ at: at(601), event: 'expired', notification: 'failed' })
    expect(owed?.after).toMatchObject({
      status: 'approved',
      expiredAt: at(601),
      notification: { status: 'failed', reason: 'the deferral expired' },
    })
    const denied = applied('expire', reached(['exchange', 'deny']))
    expect(denied?.entry).toEqual({ at: at(601), event: 'notification_failed' })
    expect(denied?.after).not.toHaveProperty('expiredAt')
    // the sweep comes while a worker still has it: the deferral first, the notification when the lease is over
    const leasedLate = applied('lease', reached(['exchange', 'approve']), 595)?.after as DeferralRecord
    const first = applied('expire', leasedLate)
    expect(first).toMatchObject({ entry: { event: 'expired' }, after: { notification: { sealed: 'sealed' } } })
    expect(first?.entry).not.toHaveProperty('notification')
    expect(first?.after.wakeAt).toEqual(at(605))
    expect(applied('expire', first!.after, 604.999)).toBeUndefined()
    const last = applied('expire', first!.after, 605)
    expect(last).toMatchObject({ entry: { event: 'notification_failed' }, after: { expiredAt: at(601) } })
    expect(last?.after).not.toHaveProperty('wakeAt')
  })
})

describe('what an event changes', () => {
  test('the exchange starts the expiry anew, keeps the handle, and never the sealing', () => {
    const before = reached([])
    const { after } = to.exchange({ handleHash: 'other', binding: { jkt: 'jkt' } })(before, at(1))!
    const times = { exchangedAt: at(1), expiresAt: at(601), wakeAt: at(601) }
    expect(after).toEqual({ ...before, handleHash: 'other', binding: { jkt: 'jkt' }, ...times })
    expect(reached(['exchange'])).not.toHaveProperty('sealing')
  })

  test('a deferral that is created with its handle counts as exchanged', () => {
    const record = reached([], { handleHash: 'hash' })
    expect(record).toMatchObject({
      exchangedAt: at(0),
      expiresAt: at(60),
      wakeAt: at(60),
      issuer: 'https://op.example',
    })
    expect(applied('exchange', record)).toBeUndefined()
    expect(applied('extend', record)?.after).toMatchObject({ expiresAt: at(3627) })
    expect(applied('redeem', reached(['approve'], { handleHash: 'hash' }))).toBeDefined()
  })

  test('a later interaction takes the place of the earlier one and moves nothing else; resume takes it back', () => {
    const before = reached(['exchange', 'requireInteraction', 'progress'])
    const { after } = to.requireInteraction({ uri: 'https://op.example/other' })(before, at(9))!
    expect(after).toEqual({ ...before, interaction: { uri: 'https://op.example/other' } })
    const { interaction, ...without } = before
    expect(applied('resume', before)?.after).toEqual(without)
  })

  test('a redemption names the decision that it was minted from', () => {
    const until = at(100)
    const narrowed: Decision = { by: 'reviewer', scope: ['openid'], until }
    const { after: record } = to.decide('approved', narrowed)(reached(['exchange']), at(2))!
    const redeemed = (minted: to.Minted, seconds = 26) => to.redeem(minted)(record, at(seconds))
    const same = { ...narrowed, until: new Date(until) }
    expect(redeemed({ decision: same, decidedAt: at(2) })?.after).toMatchObject({
      status: 'redeemed',
      redeemedAt: at(26),
    })
    expect(redeemed({ decision: same, decidedAt: at(2.001) })).toBeUndefined()
    for (const other of [decision, { ...narrowed, scope: [] }, { ...narrowed, until: at(101) }])
      expect(redeemed({ decision: other, decidedAt: at(2) })).toBeUndefined()
    // what was approved ends before the deferral does
    expect(redeemed({ decision: same, decidedAt: at(2) }, 99.999)).toBeDefined()
    expect(redeemed({ decision: same, decidedAt: at(2) }, 100)).toBeUndefined()
  })

  test('an answer is kept for its seconds, then it is erased and nothing wakes it again', () => {
    const record = reached(['exchange', 'approve', 'redeem'])
    expect(record).toMatchObject({ answer: { sealed: 'answer', until: at(56) }, wakeAt: at(56) })
    expect(applied('forgetAnswer', record, 55.999)).toBeUndefined()
    const forgotten = applied('forgetAnswer', record)?.after
    for (const name of ['answer', 'wakeAt']) expect(forgotten).not.toHaveProperty(name)
    const { after } = to.redeem({ decision, decidedAt: at(2) })(reached(['exchange', 'approve']), at(26))!
    for (const name of ['answer', 'wakeAt']) expect(after).not.toHaveProperty(name)
  })

  test('a cancellation by a reviewer names the reviewer, one by the client nobody', () => {
    expect(reached(['cancel'])).toMatchObject({ cancelledBy: 'reviewer', cancelledAt: at(3) })
    expect(reached(['cancelByClient'])).not.toHaveProperty('cancelledBy')
    expect(to.cancel()(reached([]), at(3))?.entry).toStrictEqual({ at: at(3), event: 'cancelled' })
    const reason = 'a duplicate'
    const { after, entry } = to.cancel({ reason })(reached([]), at(3))!
    expect(after).toMatchObject({ status: 'cancelled', cancellationReason: reason })
    expect(entry).toStrictEqual({ at: at(3), event: 'cancelled', reason })
  })

  test('an approval of less names the members, and not what they hold', () => {
    const { entry } = to.decide('approved', { scope: ['openid'], until: at(100) })(reached([]), at(2))!
    expect(entry).toStrictEqual({ at: at(2), event: 'approved', narrowed: ['scope', 'until'] })
  })

  test('a decision by nobody names nobody', () => {
    const { entry } = to.decide('approved', {})(reached([]), at(2))!
    expect(entry).toStrictEqual({ at: at(2), event: 'approved' })
  })

  test('a deferral whose code was used again before it existed replaces the mark, cancelled and with nothing to send', () => {
    const deferral = newDeferral({ handleHash: 'hash', sealing })
    const { after, ...written } = to.createdCancelled(deferral, { issuer: 'https://op.example', retention: 86_400 })(
      reached([]),
      at(9),
    )!
    expect(written).toEqual({ unexpired: false, entry: { at: at(9), event: 'cancelled', reason: 'code.reused' } })
    const { sealing: _, expiresIn: __, ...request } = deferral
    const times = { createdAt: at(9), readAt: at(9), exchangedAt: at(9), cancelledAt: at(9), expiresAt: at(69) }
    const notification = { status: 'suppressed', notBefore: at(24), attempts: 0, fence: 0 }
    const cancelled = { status: 'cancelled', cancellationReason: 'code.reused' }
    const origin = { issuer: 'https://op.example', retention: 86_400 }
    expect(after).toEqual({ ...request, ...origin, ...times, ...cancelled, notification })
  })

  test('a client that gives up has its answer erased, or its notification', () => {
    const redeemed = reached(['exchange', 'approve', 'redeem'])
    const { answer, wakeAt, ...without } = redeemed
    expect(to.giveUp(redeemed, at(30))).toEqual({ after: without, unexpired: false })
    const denied = reached(['exchange', 'deny'])
    expect(to.giveUp(denied, at(30))).toEqual(sending.suppress(denied, at(30)))
    expect(to.giveUp(reached(['deny']), at(30))).toBeUndefined()
  })
})
