import type { Meter } from '@opentelemetry/api'
import { type ChangeMessage, changeChannel } from '../diagnostics/channels.js'
import type { QueueLabel } from './queue_labels.js'
import { subscribe, type Unsubscribe } from './subscriptions.js'

const minute = 60
const hour = 60 * minute
const day = 24 * hour
// from a glance at a phone to a month
const buckets = [
  10,
  30,
  minute,
  5 * minute,
  15 * minute,
  hour,
  4 * hour,
  12 * hour,
  day,
  2 * day,
  4 * day,
  7 * day,
  14 * day,
  30 * day,
]

const outcomes: readonly string[] = ['approved', 'denied', 'cancelled', 'expired', 'redeemed']
const decisions: readonly string[] = ['approved', 'denied']
const notifications: Record<string, string> = { notified: 'delivered', notification_failed: 'failed' }

/** Counts the changes that this process has written, and measures the times between them. */
export function countOutcomes(meter: Meter, issuer: string, queueLabel: QueueLabel): Unsubscribe {
  const instruments = instrumentsOf(meter)
  return subscribe(changeChannel, issuer, (change) => record(instruments, change, queueLabel))
}

function instrumentsOf(meter: Meter) {
  const duration = { unit: 's', advice: { explicitBucketBoundaries: buckets } }
  return {
    created: meter.createCounter('deferral.created', { description: 'Deferrals created', unit: '{deferral}' }),
    outcomes: meter.createCounter('deferral.outcomes', {
      description: 'Deferrals approved, denied, cancelled, expired or redeemed',
      unit: '{deferral}',
    }),
    notifications: meter.createCounter('deferral.notifications', {
      description: 'Notifications delivered, or given up',
      unit: '{notification}',
    }),
    decision: meter.createHistogram('deferral.decision.duration', {
      description: 'Time from the creation to the decision',
      ...duration,
    }),
    redemption: meter.createHistogram('deferral.redemption.duration', {
      description: 'Time from the decision to the redemption',
      ...duration,
    }),
  }
}

function record(
  { created, outcomes: ended, notifications: sent, decision, redemption }: ReturnType<typeof instrumentsOf>,
  { issuer, event, profile, queue, createdAt, decidedAt, redeemedAt }: ChangeMessage,
  queueLabel: QueueLabel,
): void {
  const labels = { 'deferral.issuer': issuer, 'deferral.profile': profile, ...queueLabel(queue) }
  const withOutcome = { ...labels, 'deferral.outcome': event }
  if (event === 'created') created.add(1, labels)
  if (outcomes.includes(event)) ended.add(1, withOutcome)
  const status = notifications[event]
  if (status) sent.add(1, { ...labels, 'deferral.notification.status': status })
  if (decisions.includes(event) && decidedAt) decision.record(secondsBetween(createdAt, decidedAt), withOutcome)
  if (event === 'redeemed' && decidedAt && redeemedAt) redemption.record(secondsBetween(decidedAt, redeemedAt), labels)
}

// the clock of a database may be set back
function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, (to.getTime() - from.getTime()) / 1000)
}
