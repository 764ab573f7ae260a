import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import type { Provider } from 'oidc-provider'
import { recordDurations } from './durations.js'
import { countOutcomes } from './outcomes.js'
import { observePending } from './pending.js'
import { queueLabels } from './queue_labels.js'
import { traceSteps } from './spans.js'

const scope = 'oidc-provider-deferred'

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** default: a meter of the global provider */
  meter?: Meter
  /** default: a tracer of the global provider */
  tracer?: Tracer
  /** how many queues get time series of their own, 20 by default; the others share `other` */
  queues?: number
}

/**
 * Makes metrics and spans of what the provider does with deferrals. Returns a function that ends that. Call it once per issuer and
 * process. Issuers may share a meter and a tracer: all metrics and spans have the attribute `deferral.issuer`. A collection calls
 * `stats()`. If that took more than 0.1 s, its result is used for 20 times as long, at most 5 minutes. Errors of the meter and the
 * tracer go to `diag`. Throws a `TypeError` for a provider without the feature, or for a wrong option.
 */
export function instrument(provider: Provider, options: InstrumentOptions = {}): () => void {
  const { issuer, deferrals } = provider
  if (!deferrals) throw new TypeError('instrument: provider must have features.deferredTokenResponse enabled')
  const { meter = metrics.getMeter(scope), tracer = trace.getTracer(scope), queues = 20 } = options
  if (!Number.isSafeInteger(queues) || queues < 0)
    throw new TypeError('instrument: queues must be an integer, 0 or more')
  const queueLabel = queueLabels(queues)
  const ends = [
    observePending(meter, { issuer, deferrals }, queueLabel),
    countOutcomes(meter, issuer, queueLabel),
    ...recordDurations(meter, issuer),
    ...traceSteps(tracer, issuer),
  ]
  return () => {
    for (const end of ends) end()
  }
}
