import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import type { DeferralStats, Deferrals } from '../index.js'
import { cachedRead } from './cached_read.js'
import type { QueueLabel } from './queue_labels.js'
import type { Unsubscribe } from './subscriptions.js'

interface Row {
  pending: number
  overdue: number
  /** milliseconds; absent if none is pending */
  oldest?: number
}

type Rows = Map<string | undefined, Row>

/** The gauges of pending deferrals of an issuer. Each collection reads `stats()`, or uses its last result again if that took long. The numbers are those of all nodes. */
export function observePending(
  meter: Meter,
  { issuer, deferrals }: { issuer: string; deferrals: Deferrals },
  queueLabel: QueueLabel,
): Unsubscribe {
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
  const labels = new Set<string | undefined>([undefined])
  const stats = cachedRead(() => deferrals.stats())
  const observe = async (result: BatchObservableResult) => {
    const rows = rowsOf(await stats(), queueLabel)
    for (const label of rows.keys()) labels.add(label)
    // the SDK repeats the last value of a time series that is not observed: a queue without deferrals is 0
    for (const label of labels) {
      const row = rows.get(label) ?? { pending: 0, overdue: 0 }
      const attributes: Attributes = {
        'deferral.issuer': issuer,
        ...(label !== undefined && { 'deferral.queue': label }),
      }
      result.observe(pending, row.pending, attributes)
      result.observe(overdue, row.overdue, attributes)
      result.observe(age, ageOf(row), attributes)
    }
  }
  meter.addBatchObservableCallback(observe, gauges)
  return () => meter.removeBatchObservableCallback(observe, gauges)
}

function ageOf({ oldest }: Row): number {
  return oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000)
}

/** Rows by label. The row without a label counts the deferrals without a queue, so the sum is right. Its age is that of all deferrals. */
function rowsOf({ pending, overdue, oldestPendingAt, byQueue }: DeferralStats, queueLabel: QueueLabel): Rows {
  const unqueued: Row = { pending, overdue, ...(oldestPendingAt && { oldest: oldestPendingAt.getTime() }) }
  const rows: Rows = new Map([[undefined, unqueued]])
  // in alphabetical order: nodes that start at the same time name the same queues
  for (const name of Object.keys(byQueue).sort()) {
    const queue = byQueue[name]
    if (!queue) continue
    const label = queueLabel(name)['deferral.queue']
    const row = rows.get(label)
    const oldest = queue.oldestPendingAt.getTime()
    rows.set(label, {
      pending: queue.pending + (row?.pending ?? 0),
      overdue: queue.overdue + (row?.overdue ?? 0),
      oldest: Math.min(oldest, row?.oldest ?? oldest),
    })
    unqueued.pending -= queue.pending
    unqueued.overdue -= queue.overdue
  }
  return rows
}
