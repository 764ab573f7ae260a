import * as fc from 'fast-check'
import { ways } from '../store/lost_replies.js'
import { endUser, scopes } from './model.js'
import type { Event } from './model_types.js'

type Way = keyof typeof ways

/** An event, and how the reply to its write gets lost, if it does. */
export type Step = Event & { lost?: Way }

const people = [endUser, 'kim', 'lee', 'alex']
const by = fc.subarray(people, { minLength: 1, maxLength: 2 })
const plain = ['unassign', 'resume', 'requireInteraction', 'exchange', 'redeem', 'expire', 'noteOverdue'] as const
const seconds = fc.constantFrom(1, 29, 30, 59, 60, 300, 599, 600)

const approvals = fc.record(
  {
    name: fc.constant('approve' as const),
    by,
    scope: fc.subarray(scopes),
    until: fc.constantFrom(1, 20, 200, 2000),
  },
  { requiredKeys: ['name'] },
)
/** A vote that mostly counts. */
const votes = fc.record({ name: fc.constant('approve' as const), by })

const happenings: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: votes },
  { weight: 4, arbitrary: approvals },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('unvote' as const), by }) },
  {
    weight: 3,
    arbitrary: fc.record({ name: fc.constantFrom('deny' as const, 'cancel' as const, 'comment' as const), by }),
  },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('erase' as const), by }) },
  { weight: 5, arbitrary: fc.record({ name: fc.constantFrom(...plain) }) },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        name: fc.constant('assign' as const),
        to: fc.constantFrom('robin', 'kim'),
        from: fc.constantFrom('robin', 'kim'),
        seconds: fc.constantFrom(10, 900),
      },
      { requiredKeys: ['name', 'to', 'seconds'] },
    ),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('progress' as const), step: fc.constantFrom('one', 'two') }) },
  {
    weight: 2,
    arbitrary: fc.record({ name: fc.constant('extend' as const), seconds: fc.integer({ min: 1, max: 900 }) }),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('advance' as const), seconds }) },
)
const losses = fc.option(fc.constantFrom(...(Object.keys(ways) as Way[])), { nil: undefined, freq: 2 })
/** Steps as chance has them. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(happenings, losses).map(([event, lost]): Step => ({ ...event, ...(lost && { lost }) })),
  { minLength: 1, maxLength: 16 },
)

const vote = (...names: string[]): Event => ({ name: 'approve', by: names })
const robin = ['robin']
const erase: Step = { name: 'erase', by: ['robin', 'kim'] }
/** Histories that chance may leave out; between them every event passes, and is refused. */
export const examples: [quorum: number, Step[]][] = [
  [
    2,
    [
      { ...vote('robin'), lost: 'was made' },
      vote('kim'),
      { name: 'exchange' },
      { name: 'redeem' },
      vote('lee'),
      { name: 'cancel', by: robin },
      { name: 'redeem' },
    ],
  ],
  [
    2,
    [
      { name: 'exchange' },
      vote('robin'),
      vote('robin', 'kim'),
      { name: 'unvote', by: robin, lost: 'was made, and somebody has written since' },
      { name: 'unvote', by: robin },
      vote('kim'),
      vote('robin'),
    ],
  ],
  [
    2,
    [
      { name: 'progress', step: 'one' },
      vote('robin'),
      vote('kim'),
      { ...erase, lost: 'was made, and somebody has written since' },
      erase,
      { name: 'comment', by: robin },
    ],
  ],
  [
    1,
    [
      { name: 'deny', by: robin },
      { ...erase, lost: 'was made' },
      { name: 'approve', by: robin, scope: ['email'] },
    ],
  ],
  [2, [vote('robin'), { name: 'advance', seconds: 60 }, erase, { name: 'expire' }, { name: 'expire' }]],
  [3, [{ name: 'approve', by: ['robin'], until: 20 }, vote('kim'), { name: 'advance', seconds: 29 }, vote('lee')]],
  [
    3,
    [
      { name: 'approve', by: ['robin'], scope: ['email'] },
      { name: 'approve', by: ['kim'], scope: ['openid'] },
      { name: 'approve' },
    ],
  ],
  [
    2,
    [
      { name: 'exchange' },
      { name: 'exchange' },
      { name: 'assign', to: 'robin', seconds: 900 },
      { name: 'assign', to: 'kim', seconds: 10 },
      { name: 'unassign' },
      { name: 'unassign' },
    ],
  ],
  [
    1,
    [
      { name: 'requireInteraction' },
      { name: 'resume' },
      { name: 'resume' },
      { name: 'progress', step: 'one' },
      { name: 'deny', by: robin },
      { name: 'deny', by: robin },
      { name: 'progress', step: 'two' },
      { name: 'requireInteraction' },
    ],
  ],
  [
    1,
    [
      { name: 'expire' },
      { name: 'noteOverdue' },
      { name: 'extend', seconds: 1 },
      { name: 'exchange' },
      { name: 'extend', seconds: 60 },
      { name: 'advance', seconds: 30 },
      { name: 'noteOverdue' },
      { name: 'advance', seconds: 30 },
      { name: 'expire' },
    ],
  ],
]
