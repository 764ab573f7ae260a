import { describe, expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import * as legs from '../../lib/deferral/leg_transitions.js'
import { pollOutcome } from '../../lib/deferral/outcome.js'
import type { NewDeferral } from '../../lib/deferral/store.js'
import type { Transition } from '../../lib/deferral/transition.js'
import * as to from '../../lib/deferral/transitions.js'
import { legOutcome } from '../../lib/protocol/ciba/leg_poll.js'
import { at } from '../store/new_deferral.js'
import { decision, reached } from './states.js'

const hinted = (hash: string, expiresIn = 60) => legs.openLeg({ kind: 'hint', hash, expiresIn }, 3)
const waiting = (members: Partial<NewDeferral> = {}) => reached(['exchange'], members)

function stepped(record: DeferralRecord, ...steps: [Transition, number][]): DeferralRecord {
  return steps.reduce((before, [transition, seconds]) => transition(before, at(seconds))?.after ?? before, record)
}

describe('X-116 X-118 when the provider asks', () => {
  const asking = waiting({ reachOutIn: 15 })

  test('X-116 a sweep finds it when the time has come; the lease is the next time', () => {
    expect(asking.wakeAt).toEqual(at(15))
    expect(legs.leaseReachOut(30)(asking, at(14))).toBeUndefined()
    const leased = legs.leaseReachOut(30)(asking, at(15))
    expect(leased?.after).toMatchObject({ reachOutAttempts: 1, reachOutAt: at(45), wakeAt: at(45) })
    expect(legs.armReachOut(leased?.after ?? asking, at(16))).toBeUndefined()
    expect(legs.armReachOut(asking, at(2))?.after.reachOutAt).toEqual(at(2))
  })

  test('X-118 with a delay there is another attempt, without one there is none; a sent one ends it', () => {
    expect(legs.failReachOut('down', 5)(asking, at(16))?.after).toMatchObject({
      reachOutAt: at(21),
      reachOutFault: 'down',
    })
    expect(legs.failReachOut('down')(asking, at(16))?.after).not.toHaveProperty('reachOutAt')
    const sent = stepped(asking, [hinted('a'), 16], [legs.noteSent('a'), 17])
    expect(sent).not.toHaveProperty('reachOutAt')
    expect(legs.failReachOut('down')(sent, at(18))).toBeUndefined()
  })

  test('X-118 a decided one is not asked about any more', () => {
    const approved = stepped(asking, [to.decide('approved', decision), 3])
    expect(legs.leaseReachOut(30)(approved, at(16))).toBeUndefined()
    expect(approved.wakeAt).not.toEqual(at(15))
  })

  test('an operator asks only where nobody is asked already', () => {
    const ask = legs.requestReachOut(1, 'kim')
    expect(ask(waiting(), at(3))?.entry).toMatchObject({ event: 'reach_out_requested', by: 'kim' })
    expect(ask(stepped(waiting(), [hinted('a'), 2]), at(3))).toBeUndefined()
    expect(ask(stepped(waiting(), [hinted('a', 1), 2]), at(9))).toBeUndefined()
    expect(ask(reached([]), at(3))).toBeUndefined()
  })
})

describe('X-104 X-110 a leg', () => {
  test('X-104 ends with its deferral', () => {
    expect(stepped(waiting(), [hinted('a', 9999), 2]).legs).toMatchObject([{ openedAt: at(2), until: at(601) }])
  })

  test('X-110 a new one ends the one before it, up to a limit', () => {
    const three = stepped(waiting(), [hinted('a'), 2], [hinted('b'), 3], [hinted('c'), 4])
    expect(three.legs).toMatchObject([
      { reason: 'superseded' },
      { reason: 'superseded', endedAt: at(4) },
      { hash: 'c' },
    ])
    expect(hinted('d')(three, at(5))).toBeUndefined()
    const freed = stepped(three, [legs.freeLeg('c', 'failed'), 6])
    expect(freed.legs).toHaveLength(2)
    expect(hinted('d')(freed, at(7))).toBeDefined()
  })

  test('X-118 one that the device was asked with counts, also if the attempt was given up before', () => {
    const sent = stepped(waiting(), [hinted('a'), 2], [legs.noteSent('a'), 3])
    expect(legs.freeLeg('a', 'the attempt has left no result')(sent, at(4))).toBeUndefined()
  })

  const answer = (hash: string) => legs.answerLeg(hash, to.decide('approved', decision))
  test.each<[string, DeferralRecord, number, boolean]>([
    ['open', stepped(waiting(), [hinted('a'), 2]), 3, true],
    ['over', stepped(waiting(), [hinted('a'), 2]), 62, false],
    ['superseded', stepped(waiting(), [hinted('a'), 2], [hinted('b'), 3]), 4, false],
    ['ended', stepped(waiting(), [hinted('a'), 2], [legs.endLeg('a', 'error'), 3]), 4, false],
    ['of a denied deferral', stepped(waiting(), [hinted('a'), 2], [to.decide('denied', decision), 3]), 4, false],
    ['unknown', waiting(), 4, false],
  ])('X-108 N8 N9 an answer to one that is %s', (_case, record, seconds, counts) => {
    const change = answer('a')(record, at(seconds))
    expect(change !== undefined).toBe(counts)
    if (change) expect(change.after).toMatchObject({ status: 'approved', legs: [{ answeredAt: at(seconds) }] })
  })
})

describe('X-117 X-127 X-134 what polls are answered', () => {
  const open = stepped(waiting(), [hinted('a'), 2])
  const sent = stepped(open, [legs.noteSent('a'), 3])
  const redeemed = stepped(sent, [to.decide('approved', decision), 4], [to.redeem({ decision, decidedAt: at(4) }), 5])
  test.each<[string, DeferralRecord, number, own: string, ciba: string]>([
    ['open, not yet sent', open, 5, 'authorization_pending', 'authorization_pending'],
    ['sent', sent, 5, 'interaction_pending', 'authorization_pending'],
    ['over', sent, 63, 'authorization_pending', 'expired_token'],
    ['superseded', stepped(sent, [hinted('b'), 4]), 5, 'authorization_pending', 'expired_token'],
    ['ended', stepped(sent, [legs.endLeg('a', 'error'), 4]), 5, 'authorization_pending', 'expired_token'],
    ['approved', stepped(sent, [to.decide('approved', decision), 4]), 5, 'redeem', 'redeem'],
    ['denied', stepped(sent, [to.decide('denied', decision), 4]), 5, 'access_denied', 'access_denied'],
    ['cancelled', stepped(sent, [to.cancel(), 4]), 5, 'access_denied', 'access_denied'],
    ['redeemed', redeemed, 6, 'invalid_grant', 'invalid_grant'],
    ['expired', sent, 601, 'expired_token', 'expired_token'],
  ])('X-127 %s', (_case, record, seconds, own, ciba) => {
    expect(pollOutcome(record, at(seconds))).toBe(own)
    expect(legOutcome(record, 'a', at(seconds))).toBe(ciba)
  })
})
