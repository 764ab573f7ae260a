import { context, type Meter, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { type DataPoint, type Histogram, MeterProvider } from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import type { Provider } from 'oidc-provider-deferred'
import { type InstrumentOptions, instrument } from 'oidc-provider-deferred/opentelemetry'

/** A time series: its attributes, and its number; of a histogram the count and the sum. */
export interface Series {
  attributes: Record<string, unknown>
  value: unknown
}

/** A provider that is instrumented, and everything that the SDK collects. */
export interface Collected {
  tracer: Tracer
  meter: Meter
  /** ends the instrumentation */
  end(): void
  /** the spans that have ended, of one deferral if an id is given; the oldest first */
  spans(id?: string): ReadableSpan[]
  /** collects, and reads one metric */
  metric(name: string): Promise<{ unit: string; series: Series[] } | undefined>
  /** the names of all metrics with a time series */
  names(): Promise<string[]>
}

/** Instruments a provider with the SDK. */
export function collected(provider: Provider, options: InstrumentOptions = {}): Collected {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const exporter = new InMemorySpanExporter()
  const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('test')
  const reader = new PrometheusExporter({ preventServerStart: true })
  const meter = new MeterProvider({ readers: [reader] }).getMeter('test')
  const end = instrument(provider, { meter, tracer, ...options })
  const collect = async () => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  }
  return {
    tracer,
    meter,
    end,
    spans: (id) => exporter.getFinishedSpans().filter(({ attributes }) => !id || attributes['deferral.id'] === id),
    async metric(name) {
      const metric = (await collect()).find(({ descriptor }) => descriptor.name === name)
      if (!metric) return undefined
      const points = metric.dataPoints as DataPoint<number | Histogram>[]
      return { unit: metric.descriptor.unit, series: points.map(seriesOf) }
    },
    names: async () =>
      (await collect()).flatMap(({ descriptor, dataPoints }) => (dataPoints.length > 0 ? descriptor.name : [])),
  }
}

function seriesOf({ attributes, value }: DataPoint<number | Histogram>): Series {
  return { attributes, value: typeof value === 'number' ? value : { count: value.count, sum: value.sum } }
}
