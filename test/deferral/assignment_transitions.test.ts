import { describe, expect, test } from 'vitest'
import { type Assignment, assign, assigneeOf, unassign } from '../../lib/deferral/assignment_transitions.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { describe as describeRecord } from '../../lib/deferral/describe.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import * as to from '../../lib/deferral/transitions.js'
import { at } from '../store/new_deferral.js'
import { applied, reached } from './states.js'

const assigned = reached(['exchange', 'assign'])
const assignAt = (seconds: number, assignment: Assignment, record = assigned) => assign(assignment)(record, at(seconds))

/** The record as a read at this time returns it. */
const readAt = (record: DeferralRecord, seconds: number) => describeRecord({ ...record, readAt: at(seconds) })

describe('an assignment', () => {
  test('names the assignee, the end of the lease and the actor, and changes nothing else', () => {
    const before = reached(['exchange'])
    const assignee = { to: 'robin', by: ['kim', 'lee'], at: at(5), until: at(65) }
    const change = assignAt(5, { to: 'robin', by: ['kim', 'lee'], for: 60 }, before)
    expect(change?.after).toEqual({ ...before, assignee })
    expect(readAt(change!.after, 6).assignee).toEqual(assignee)
  })

  test('lasts 900 seconds and names no actor unless told so', () => {
    const change = assignAt(5, { to: 'robin' }, reached([]))
    expect(change?.after.assignee).toStrictEqual({ to: 'robin', at: at(5), until: at(905) })
    expect(change?.entry).toStrictEqual({ at: at(5), event: 'assigned', to: 'robin', until: at(905) })
  })

  test('is renewed by the same name, with or without from', () => {
    for (const from of [undefined, 'robin', 'kim']) {
      const change = assignAt(100, { to: 'robin', for: 900, ...(from !== undefined && { from }) })
      expect(change?.after.assignee).toStrictEqual({ to: 'robin', at: at(100), until: at(1000) })
      expect(change?.entry).not.toHaveProperty('from')
    }
  })

  test('is taken from somebody else only by that name', () => {
    expect(assignAt(100, { to: 'kim' })).toBeUndefined()
    expect(assignAt(100, { to: 'kim', from: 'kim' })).toBeUndefined()
    expect(assignAt(100, { to: 'kim', from: 'lee' })).toBeUndefined()
    const change = assignAt(100, { to: 'kim', from: 'robin' })
    expect(change?.after.assignee?.to).toBe('kim')
    expect(change?.entry).toMatchObject({ event: 'assigned', to: 'kim', from: 'robin' })
  })

  test('ends with its lease: then anybody can take it, there is nothing to end, and reviewers do not see it', () => {
    const { after: short } = assignAt(5, { to: 'robin', for: 60 })!
    expect(assignAt(64.999, { to: 'kim' }, short)).toBeUndefined()
    const taken = assignAt(65, { to: 'kim', from: 'lee' }, short)
    expect(taken?.after.assignee?.to).toBe('kim')
    expect(taken?.entry).not.toHaveProperty('from')
    expect(unassign()(short, at(64.999))).toBeDefined()
    expect(unassign()(short, at(65))).toBeUndefined()
    expect(readAt(short, 64.999).assignee?.to).toBe('robin')
    expect(readAt(short, 65)).not.toHaveProperty('assignee')
  })

  test('ends when it is ended, and names no actor unless told so', () => {
    const change = unassign()(assigned, at(5))
    const { assignee, ...without } = assigned
    expect(change?.after).toEqual(without)
    expect(change?.entry).toStrictEqual({ at: at(5), event: 'unassigned', from: 'robin' })
  })

  test.each(['approve', 'deny', 'cancel', 'cancelByClient'] as const)('ends with %s', (name) => {
    expect(applied(name, assigned)?.after).not.toHaveProperty('assignee')
  })

  test('is not seen any more once the deferral has expired', () => {
    expect(assigneeOf(assigned, at(600.999))?.to).toBe('robin')
    expect(assigneeOf(assigned, at(601))).toBeUndefined()
    expect(readAt(assigned, 601)).not.toHaveProperty('assignee')
  })
})

test('a comment is in the history only, after the decision and the expiry as well', () => {
  for (const record of [assigned, reached(['deny']), reached(['exchange', 'expire'])]) {
    const change = applied('comment', record, 700)
    expect(change?.after).toEqual(record)
    expect(change?.entry).toStrictEqual({ at: at(700), event: 'commented', by: 'kim', text: 'a comment' })
  }
})

describe('who did it', () => {
  const by = ['robin', 'kim']
  const exchanged = reached(['exchange'])
  const asked = reached(['exchange', 'requireInteraction'])
  const failed = reached(['exchange', 'approve', 'lease', 'settleFailed'])

  test.each([
    ['approved', to.decide('approved', { by })(exchanged, at(5))],
    ['denied', to.decide('denied', { by })(exchanged, at(5))],
    ['cancelled', to.cancel({ by })(exchanged, at(5))],
    ['progress', to.progress({ step: 'review' }, by)(exchanged, at(5))],
    ['interaction_required', to.requireInteraction({ uri: 'https://op.example/' }, by)(exchanged, at(5))],
    ['resumed', to.resume(by)(asked, at(5))],
    ['extended', to.extend(60, by)(exchanged, at(5))],
    ['notification_replayed', sending.replayNotification(by)(failed, at(30))],
  ])('is in the entry %s, an array as it was given', (event, change) => {
    expect(change?.entry).toMatchObject({ event, by })
  })

  test('is nothing that the client could get', () => {
    for (const change of [
      to.progress({ step: 'review' }, by)(exchanged, at(5)),
      to.requireInteraction({ uri: 'https://op.example/' }, by)(exchanged, at(5)),
      to.extend(60, by)(exchanged, at(5)),
    ])
      expect(JSON.stringify(change?.after)).not.toContain('robin')
  })
})
