import type { Settlement } from 'oidc-provider-deferred'
import { assign, comment, unassign } from '../../lib/deferral/assignment_transitions.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import * as sending from '../../lib/deferral/notification_transitions.js'
import type { Change, NewDeferral } from '../../lib/deferral/store.js'
import * as sweeps from '../../lib/deferral/sweep_transitions.js'
import type { Transition } from '../../lib/deferral/transition.js'
import * as to from '../../lib/deferral/transitions.js'
import { at, newDeferral, start } from '../store/new_deferral.js'

/** What is kept to notify with; held back for 15 seconds. */
export const sealing = { sealed: 'sealed', delay: 15 }

/** How an attempt may end. */
export const settlements = {
  delivered: { status: 'delivered', answer: 204 },
  owed: { status: 'owed', delay: 100, reason: 'the endpoint answered 503', answer: 503 },
  failed: { status: 'failed', reason: 'the endpoint answered 401', answer: 401 },
  suppressed: { status: 'suppressed' },
} as const satisfies Record<string, Settlement>

export const decision = { by: 'reviewer' }
const answer = { sealed: 'answer', seconds: 30 }

/** Every event, at a time that is its own: what is exchanged at 1 s expires at 601 s. */
export const events = {
  exchange: [1, to.exchange({ handleHash: 'hash', sealing })],
  progress: [2, to.progress({ step: 'review' })],
  requireInteraction: [2, to.requireInteraction({ uri: 'https://op.example/confirm?x' })],
  resume: [2, to.resume()],
  assign: [2, assign({ to: 'robin', by: 'kim', for: 900 })],
  unassign: [2, unassign('kim')],
  comment: [2, comment({ by: 'kim', text: 'a comment' })],
  approve: [2, to.decide('approved', decision)],
  deny: [2, to.decide('denied', { by: 'reviewer', description: 'no' })],
  cancel: [3, to.cancel({ by: 'reviewer' })],
  cancelByTwo: [3, to.cancel({ by: ['robin', 'kim'] })],
  arm: [6, sending.arm(1)],
  lease: [20, sending.leaseNotification(10)],
  settleDelivered: [21, sending.settleNotification(1, settlements.delivered)],
  settleOwed: [21, sending.settleNotification(1, settlements.owed)],
  settleFailed: [21, sending.settleNotification(1, settlements.failed)],
  settleSuppressed: [21, sending.settleNotification(1, settlements.suppressed)],
  suppress: [24, sending.suppress],
  cancelByClient: [25, to.cancel({ isByClient: true })],
  redeem: [26, to.redeem({ decision, decidedAt: at(2), answer })],
  extend: [27, to.extend(3600)],
  replay: [30, sending.replayNotification()],
  forgetAnswer: [56, sweeps.forgetAnswer],
  expire: [601, sweeps.expire],
} as const satisfies Record<string, readonly [number, Transition]>

/** The name of an event. */
export type EventName = keyof typeof events

/** What an event makes of a record; frozen, as the record has to be. */
export function applied(
  name: EventName,
  record: DeferralRecord,
  seconds: number = events[name][0],
): Change | undefined {
  const transition: Transition = events[name][1]
  return frozen(transition(record, at(seconds)))
}

/** A record after these events. */
export function reached(path: readonly EventName[], members: Partial<NewDeferral> = {}): DeferralRecord {
  let record = frozen(
    to.created(frozen(newDeferral(members)), { issuer: 'https://op.example', retention: 86_400 }, start),
  )
  for (const name of path) {
    const change = applied(name, record)
    if (!change) throw new Error(`${name} cannot be reached by ${path}`)
    record = change.after
  }
  return record
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  // a Date cannot be frozen
  if (!(value instanceof Date)) for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}
