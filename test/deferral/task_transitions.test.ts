import { describe, expect, test } from 'vitest'
import { leaseTask, nudgeTask, recordStep } from '../../lib/deferral/task_transitions.js'
import type { Transition } from '../../lib/deferral/transition.js'
import { decide, redeem } from '../../lib/deferral/transitions.js'
import { at } from '../store/new_deferral.js'
import { reached } from './states.js'

const task = { taskSealed: 'sealed' }

/** A record after these transitions, each at its second. */
function recordAfter(...steps: readonly (readonly [number, Transition])[]) {
  return steps.reduce(
    (record, [second, transition]) => transition(record, at(second))?.after ?? record,
    reached(['exchange'], task),
  )
}

const nudged = (second: number) => [second, nudgeTask] as const
const lease = (second: number) => [second, leaseTask(10)] as const
const settle = (second: number, fence: number, saw?: number) =>
  [
    second,
    recordStep(fence, {
      wait: 60,
      sawEnd: false,
      ...(saw !== undefined && { sawNudge: { at: at(saw), isOpen: true as const } }),
    }),
  ] as const

describe('X-244 X-245 a nudge', () => {
  test('makes a scheduled step due at once, without a history entry', () => {
    const record = recordAfter(lease(1), settle(2, 1))
    expect(record.taskDue).toEqual(at(62))
    const change = nudgeTask(record, at(10))
    expect(change?.after).toMatchObject({ taskDue: at(10), wakeAt: at(10), task: { nudge: { isOpen: true } } })
    expect(change?.entry).toBeUndefined()
  })

  test('changes nothing while another one is open', () => {
    expect(nudgeTask(recordAfter(lease(1), settle(2, 1), nudged(10)), at(11))).toBeUndefined()
  })

  test('comes five seconds after the one before', () => {
    const record = recordAfter(lease(1), settle(2, 1), nudged(10), lease(11), settle(12, 2, 10))
    expect(record.taskDue).toEqual(at(72))
    expect(nudgeTask(record, at(13))?.after.taskDue).toEqual(at(15))
    expect(nudgeTask(record, at(30))?.after.taskDue).toEqual(at(30))
  })

  test('during a step leads to another step, and keeps the lease', () => {
    const during = recordAfter(lease(1), nudged(2))
    expect(during.taskDue).toEqual(at(11))
    expect(recordAfter(lease(1), nudged(2), settle(3, 1)).taskDue).toEqual(at(2))
    const again = recordAfter(lease(1), settle(2, 1), nudged(10), lease(11), nudged(12))
    expect(nudgeTask(again, at(13))).toBeUndefined()
    expect(recordAfter(lease(1), settle(2, 1), nudged(10), lease(11), nudged(12), settle(13, 2, 10)).taskDue).toEqual(
      at(15),
    )
  })

  test('is kept when the worker dies', () => {
    const record = recordAfter(lease(1), settle(2, 1), nudged(10), lease(11), lease(21))
    expect(record.task).toMatchObject({ fence: 3, interrupted: true, nudge: { at: at(10), isOpen: true } })
  })

  test('is for pending deferrals with an open task', () => {
    expect(nudgeTask(reached(['exchange']), at(2))).toBeUndefined()
    expect(nudgeTask(reached(['exchange', 'cancel'], task), at(4))).toBeUndefined()
    expect(nudgeTask(reached(['exchange'], task), at(601))).toBeUndefined()
  })
})

describe('the state of a task at a redemption', () => {
  const redeemed = (record: ReturnType<typeof recordAfter>) =>
    redeem({ decision: {}, decidedAt: at(5) })(decide('approved', {})(record, at(5))!.after, at(6))?.after

  test('is erased if the task is finished: until then `reconsider` may need it', () => {
    const finished = recordAfter(lease(1), [2, recordStep(1, { sawEnd: false })])
    expect(finished.task).toMatchObject({ sealed: 'sealed' })
    expect(decide('approved', {})(finished, at(5))?.after.task).toMatchObject({ sealed: 'sealed' })
    expect(redeemed(finished)).not.toHaveProperty('task')
  })

  test('stays if the task is open: the other service must learn of the end', () => {
    expect(redeemed(recordAfter(lease(1), settle(2, 1)))).toMatchObject({ task: { sealed: 'sealed' }, taskDue: at(5) })
  })
})
