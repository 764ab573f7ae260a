import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Middleware } from 'koa'
import type { Provider } from 'oidc-provider-deferred'
import { instrument } from 'oidc-provider-deferred/opentelemetry'

/** Figures about the deferrals of a provider, for Prometheus. */
export interface Metrics {
  /** Answers with all of them. In production, serve them on a port that only your monitoring reaches. */
  serve: Middleware
  stop(): Promise<void>
}

export function metricsOf(provider: Provider): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const meters = new MeterProvider({ readers: [exporter] })
  const end = instrument(provider, { meter: meters.getMeter('harbour') })
  const serializer = new PrometheusSerializer()
  return {
    async serve(ctx) {
      const { resourceMetrics } = await exporter.collect()
      ctx.type = 'text/plain; version=0.0.4'
      ctx.body = serializer.serialize(resourceMetrics)
    },
    async stop() {
      end()
      await meters.shutdown()
    },
  }
}
