import { describe, expect, test } from 'vitest'
import type { Decision } from '../../lib/deferral/deferral.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { describe as describeRecord } from '../../lib/deferral/describe.js'
import type { Change } from '../../lib/deferral/store.js'
import * as sweeps from '../../lib/deferral/sweep_transitions.js'
import * as to from '../../lib/deferral/transitions.js'
import { approve, needsVotes, unvote } from '../../lib/deferral/vote_transitions.js'
import { at } from '../store/new_deferral.js'
import { type EventName, reached } from './states.js'

const scopes = ['openid', 'email', 'payments']
/** A pending deferral that so many people have to approve. */
const pending = (quorum: number, path: EventName[] = ['exchange']) =>
  reached(path, { quorum, scope: scopes, authorizationDetails: [], claims: {} })

const vote = (record: DeferralRecord, seconds: number, decision: Decision) => approve(decision, {})(record, at(seconds))

/** The record after these votes, one a second. */
function voted(quorum: number, votes: Decision[]): DeferralRecord {
  const cast = (record: DeferralRecord, decision: Decision, nth: number) =>
    (vote(record, 2 + nth, decision) as Change).after
  return votes.reduce(cast, pending(quorum))
}

describe('an approval of a deferral with a quorum', () => {
  test('is a vote: the status stays, the vote is in the record, the entry says how many there are', () => {
    const before = pending(3)
    const decision = { by: 'robin', scope: ['openid'], until: at(500), note: 'fine' }
    const change = vote(before, 2, decision)
    expect(change?.after).toEqual({ ...before, votes: [{ ...decision, at: at(2) }] })
    expect(change?.unexpired).toBe(true)
    expect(change?.entry).toStrictEqual({
      at: at(2),
      event: 'voted',
      by: 'robin',
      narrowed: ['scope', 'until'],
      votes: 1,
      quorum: 3,
    })
    const second = vote(change!.after, 3, { by: ['kim', 'lee'] })
    expect(second?.after).toMatchObject({
      status: 'pending',
      votes: [{ by: 'robin' }, { by: ['kim', 'lee'], at: at(3) }],
    })
    expect(second?.entry).toStrictEqual({ at: at(3), event: 'voted', by: ['kim', 'lee'], votes: 2, quorum: 3 })
  })

  test('decides with the vote that completes the quorum: with what all allow, by all, with the last note', () => {
    const before = voted(3, [
      { by: 'robin', note: 'one', scope: ['openid', 'email'] },
      { by: ['kim', 'lee'], note: 'two' },
    ])
    const change = vote(before, 9, { by: 'alex', note: 'three', scope: ['email', 'payments'], until: at(400) })
    const decision = { by: ['robin', 'kim', 'lee', 'alex'], note: 'three', scope: ['email'], until: at(400) }
    expect(change?.after).toMatchObject({ status: 'approved', decidedAt: at(9), notification: { status: 'owed' } })
    expect(change?.after).toHaveProperty('decision', decision)
    expect(change?.after.votes?.map(({ by }) => by)).toEqual(['robin', ['kim', 'lee'], 'alex'])
    expect(change?.unexpired).toBe(true)
    expect(change?.entry).toStrictEqual({
      at: at(9),
      event: 'approved',
      by: decision.by,
      narrowed: ['scope', 'until'],
      quorum: 3,
    })
    expect(describeRecord(change!.after)).toMatchObject({ quorum: 3, votes: change?.after.votes, decision })
  })

  test('ends an assignment only when it decides', () => {
    const assigned = pending(2, ['exchange', 'assign'])
    const one = vote(assigned, 3, { by: 'robin' })!.after
    expect(one.assignee).toEqual(assigned.assignee)
    expect(vote(one, 4, { by: 'kim' })?.after).not.toHaveProperty('assignee')
  })

  test.each<[string, Decision['by'], Decision['by']]>([
    ['the same name', 'robin', 'robin'],
    ['a name of an array', ['robin', 'kim'], 'kim'],
    ['an array with a name that voted', 'robin', ['kim', 'robin']],
    ['two arrays with a common name', ['robin', 'kim'], ['lee', 'kim']],
  ])('one person has one vote: %s', (_case, first, second) => {
    const record = voted(2, [{ by: first! }])
    expect(vote(record, 5, { by: second! })).toBeUndefined()
    // even if it could not be combined
    expect(vote(record, 5, { by: second!, acr: 'high' })).toBeUndefined()
  })

  test('an array of names is one vote, with a name twice as well; names are compared exactly', () => {
    const one = voted(2, [{ by: ['robin', 'robin', 'kim'] }])
    expect(one).toMatchObject({ status: 'pending', votes: [{ by: ['robin', 'robin', 'kim'] }] })
    for (const by of ['Robin', 'robin ', 'rob', 'robin,kim'])
      expect(vote(one, 5, { by })?.after).toMatchObject({ status: 'approved' })
  })

  test('needs a name, whatever the status is', () => {
    const refusal = 'approve: by is required, this deferral needs 2 approvals'
    for (const record of [pending(2), pending(2, ['exchange', 'deny'])]) {
      expect(() => vote(record, 5, {})).toThrow(TypeError)
      expect(() => vote(record, 5, {})).toThrow(refusal)
    }
    expect(() => vote(pending(7), 5, {})).toThrow('this deferral needs 7 approvals')
  })

  test('is refused with the others if they leave nothing together, and changes nothing', () => {
    const record = voted(3, [{ by: 'robin', scope: ['openid'] }])
    expect(() => vote(record, 5, { by: 'kim', scope: ['email'] })).toThrow('the votes leave nothing to grant together')
    expect(() => vote(record, 5, { by: 'kim', acr: 'high' })).toThrow('acr must be equal in all votes')
    expect(record.votes).toHaveLength(1)
  })

  test('is refused while a vote stands whose approval has ended, which is named', () => {
    const record = voted(3, [
      { by: ['robin', 'kim'], until: at(10) },
      { by: 'lee', until: at(20) },
    ])
    expect(vote(record, 9.999, { by: 'alex' })?.after.status).toBe('approved')
    const ended = `the vote of robin, kim has ended at ${at(10).toISOString()}, withdraw it with unvote`
    expect(() => vote(record, 10, { by: 'alex' })).toThrow(RangeError)
    expect(() => vote(record, 10, { by: 'alex' })).toThrow(ended)
    const withdrawn = unvote('kim')(record, at(12))!.after
    expect(vote(withdrawn, 12, { by: 'alex' })?.after).toMatchObject({ status: 'pending' })
    expect(() => vote(withdrawn, 20, { by: 'alex' })).toThrow('the vote of lee has ended')
  })
})

describe('a quorum of one', () => {
  test.each([undefined, 1])('%s: an approval is what it was, without a name as well', (quorum) => {
    const record = reached(['exchange'], quorum === undefined ? {} : { quorum })
    expect(needsVotes(record)).toBe(false)
    for (const decision of [{}, { by: 'robin', note: 'fine' }]) {
      expect(approve(decision, {})(record, at(2))).toStrictEqual(to.decide('approved', decision)(record, at(2)))
    }
    expect(unvote('robin')(record, at(2))).toBeUndefined()
  })

  test('two are several', () => expect(needsVotes(pending(2))).toBe(true))
})

describe('a vote that is withdrawn', () => {
  test('is gone from the record, and the entry says who withdrew it', () => {
    const before = voted(3, [{ by: 'robin' }, { by: ['kim', 'lee'] }])
    const change = unvote('lee')(before, at(5))
    expect(change?.after).toEqual({ ...before, votes: [before.votes![0]] })
    expect(change?.entry).toStrictEqual({ at: at(5), event: 'unvoted', by: 'lee' })
    expect(change?.unexpired).toBe(true)
  })

  test('of several names: every vote in which one of them stands; without a vote there is no member', () => {
    const before = voted(4, [{ by: 'robin' }, { by: ['kim', 'lee'] }, { by: 'alex' }])
    const change = unvote(['kim', 'robin'])(before, at(5))
    expect(change?.after.votes?.map(({ by }) => by)).toEqual(['alex'])
    expect(change?.entry).toMatchObject({ by: ['kim', 'robin'] })
    const { votes, ...without } = before
    expect(unvote(['kim', 'robin', 'alex'])(before, at(5))?.after).toEqual(without)
  })

  test('is none of somebody else', () => {
    expect(unvote('kim')(pending(2), at(5))).toBeUndefined()
    expect(unvote(['kim', 'Robin'])(voted(2, [{ by: 'robin' }]), at(5))).toBeUndefined()
  })

  test('may be cast again', () => {
    const record = voted(2, [{ by: 'robin', scope: ['openid'] }])
    const again = vote(unvote('robin')(record, at(5))!.after, 6, { by: 'robin' })!.after
    expect(again).toMatchObject({ status: 'pending', votes: [{ by: 'robin', at: at(6) }] })
    expect(vote(again, 7, { by: 'kim' })?.after.status).toBe('approved')
  })
})

describe('votes after the end', () => {
  // made in the test: a fault while the suite is read would be no failed test
  const one = () => voted(2, [{ by: 'robin' }])
  const ends: [string, () => DeferralRecord | undefined, number][] = [
    ['denied', () => to.decide('denied', { by: 'kim' })(one(), at(5))?.after, 6],
    ['cancelled', () => to.cancel({ by: 'kim' })(one(), at(5))?.after, 6],
    ['approved', () => vote(one(), 5, { by: 'kim' })?.after, 6],
    ['expired', one, 601],
    ['expired, and swept', () => sweeps.expire(one(), at(601))?.after, 601],
  ]

  test.each(ends)('%s: no vote is cast or withdrawn, and those that were cast are shown', (_end, end, seconds) => {
    const ended = end()!
    expect(vote(ended, seconds, { by: 'lee' })).toBeUndefined()
    expect(unvote('robin')(ended, at(seconds))).toBeUndefined()
    expect(describeRecord(ended).votes?.[0]).toEqual({ by: 'robin', at: at(2) })
  })

  test('just before the expiry both pass', () => {
    expect(vote(one(), 600.999, { by: 'lee' })?.after.status).toBe('approved')
    expect(unvote('robin')(one(), at(600.999))).toBeDefined()
  })
})
