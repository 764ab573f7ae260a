import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import type { DeferralStats, Deferrals } from '../index.js'
import type { QueueLabel } from './queue_labels.js'
import type { Unsubscribe } from './subscriptions.js'

interface Row {
  attributes: Attributes
  pending: number
  overdue: number
  oldest: number
}

/** The gauges of what waits, from `stats()` at each collection. The numbers are those of all nodes. */
export function observePending(meter: Meter, deferrals: Deferrals, queueLabel: QueueLabel): Unsubscribe {
  const pending = meter.createObservableGauge('deferral.pending', {
    description: 'Deferrals that wait for a decision',
    unit: '{deferral}',
  })
  const overdue = meter.createObservableGauge('deferral.overdue', {
    description: 'Pending deferrals past the time at which they should be decided',
    unit: '{deferral}',
  })
  const age = meter.createObservableGauge('deferral.oldest_pending.age', {
    description: 'Age of the oldest pending deferral; without a queue: of all',
    unit: 's',
  })
  const gauges: Observable[] = [pending, overdue, age]
  const observe = async (result: BatchObservableResult) => {
    const stats = await deferrals.stats()
    const ageOf = (oldest: number) => Math.max(0, (Date.now() - oldest) / 1000)
    for (const row of [unqueuedOf(stats), ...queuesOf(stats, queueLabel)]) {
      result.observe(pending, row.pending, row.attributes)
      result.observe(overdue, row.overdue, row.attributes)
      if (row.attributes['deferral.queue'] !== undefined) result.observe(age, ageOf(row.oldest), row.attributes)
    }
    // 0, so that an alert on it goes away again
    result.observe(age, stats.oldestPendingAt ? ageOf(stats.oldestPendingAt.getTime()) : 0)
  }
  meter.addBatchObservableCallback(observe, gauges)
  return () => meter.removeBatchObservableCallback(observe, gauges)
}

/** The deferrals without a queue: a sum over all series is the number of all deferrals. */
function unqueuedOf({ pending, overdue, byQueue }: DeferralStats): Row {
  const queues = Object.values(byQueue)
  const rest = (total: number, member: 'pending' | 'overdue') =>
    queues.reduce((left, queue) => left - queue[member], total)
  return { attributes: {}, pending: rest(pending, 'pending'), overdue: rest(overdue, 'overdue'), oldest: 0 }
}

function queuesOf({ byQueue }: DeferralStats, queueLabel: QueueLabel): Row[] {
  const rows = new Map<string | undefined, Row>()
  // in alphabetical order: nodes that start at the same time name the same queues
  for (const name of Object.keys(byQueue).sort()) {
    const { pending = 0, overdue = 0, oldestPendingAt } = byQueue[name] ?? {}
    const attributes = queueLabel(name)
    const label = attributes['deferral.queue']
    const row = rows.get(label) ?? { attributes, pending: 0, overdue: 0, oldest: Number.POSITIVE_INFINITY }
    row.pending += pending
    row.overdue += overdue
    row.oldest = Math.min(row.oldest, oldestPendingAt?.getTime() ?? row.oldest)
    rows.set(label, row)
  }
  return [...rows.values()]
}
