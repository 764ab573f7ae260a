import type { Attributes, Meter } from '@opentelemetry/api'
import type { Operation, OperationMessage } from '../diagnostics/channels.js'
import { defined, errorType } from './attributes.js'
import { timed, type Unsubscribe } from './subscriptions.js'

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

interface Duration {
  operation: Operation
  description: string
  attributes(message: OperationMessage): Attributes
}

const outcome = ({ outcome }: OperationMessage): Attributes => ({ 'deferral.outcome': outcome })

const durations: Record<string, Duration> = {
  'deferral.poll.duration': {
    operation: 'poll',
    description: 'Duration of polls',
    attributes: (message) => ({ ...outcome(message), 'deferral.profile': message.profile }),
  },
  'deferral.store.operation.duration': {
    operation: 'store',
    description: 'Duration of operations of the store',
    attributes: ({ operation }) => ({ 'deferral.store.operation': operation }),
  },
  'deferral.notification.attempt.duration': {
    operation: 'notify',
    description: 'Duration of attempts at a notification',
    attributes: (message) => ({ ...outcome(message), 'http.response.status_code': message.status }),
  },
  'deferral.sweep.duration': {
    operation: 'sweep',
    description: 'Duration of the sweeps of this node',
    attributes: () => ({}),
  },
}

/** The histograms of what this process does. */
export function recordDurations(meter: Meter, issuer: string): Unsubscribe[] {
  return Object.entries(durations).map(([name, { operation, description, attributes }]) => {
    const histogram = meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: buckets },
    })
    return timed(operation, issuer, (message, seconds) =>
      histogram.record(seconds, defined({ 'deferral.issuer': issuer, ...attributes(message), ...errorType(message) })),
    )
  })
}
