import { describe, expect, test } from 'vitest'
import { expire, noteOverdue } from '../../lib/deferral/sweep_transitions.js'
import { at } from '../store/new_deferral.js'
import { type EventName, reached } from './states.js'

const dueIn = 300

describe('a deferral that is due in 300 seconds and is exchanged', () => {
  test.each<[path: EventName[], seconds: number, isNoted: boolean]>([
    [['exchange'], 299, false],
    [['exchange'], 300, true],
    [['exchange', 'progress'], 300, true],
    [['exchange', 'requireInteraction'], 600, true],
    [['exchange', 'assign', 'comment'], 300, true],
    // it expires at 601 s, and later after an extension
    [['exchange'], 601, false],
    [['exchange', 'extend'], 601, true],
    [['exchange', 'extend'], 299, false],
    [['exchange', 'approve'], 300, false],
    [['exchange', 'deny'], 300, false],
    [['exchange', 'cancel'], 300, false],
    [['exchange', 'cancelByClient'], 300, false],
    [['exchange', 'approve', 'redeem'], 300, false],
  ])('after %j at %i s: overdue %s', (path, seconds, isNoted) => {
    const change = noteOverdue(reached(path, { dueIn }), at(seconds))
    expect(change !== undefined).toBe(isNoted)
  })

  test('is noted once, in a write that an expired one must not get', () => {
    const record = reached(['exchange'], { dueIn })
    const change = noteOverdue(record, at(302))
    expect(change).toMatchObject({ unexpired: true, entry: { at: at(302), event: 'overdue' } })
    expect(change?.after).toMatchObject({ status: 'pending', dueAt: at(300), overdueAt: at(302) })
    expect(noteOverdue(change!.after, at(303))).toBeUndefined()
  })

  test('is looked at when it is due, and then when it expires', () => {
    const record = reached(['exchange'], { dueIn })
    expect(record.wakeAt).toEqual(at(300))
    const noted = noteOverdue(record, at(300))!.after
    expect(noted.wakeAt).toEqual(at(601))
    const expired = expire(noted, at(601))!.after
    expect(expired).not.toHaveProperty('wakeAt')
  })

  test.each<EventName>(['approve', 'deny', 'cancel'])('is not looked at for its due time after %s', (name) => {
    const { wakeAt } = reached(['exchange', name], { dueIn })
    expect(wakeAt).not.toEqual(at(300))
  })

  test('keeps its due time when it is extended', () => {
    expect(reached(['exchange', 'extend'], { dueIn })).toMatchObject({ dueAt: at(300), expiresAt: at(3627) })
  })
})

test('one without a due time is never overdue, and one that expires first neither', () => {
  expect(noteOverdue(reached(['exchange']), at(600))).toBeUndefined()
  const late = reached(['exchange'], { dueIn: 3600 })
  expect(late.wakeAt).toEqual(at(601))
  expect(noteOverdue(late, at(3600))).toBeUndefined()
})
