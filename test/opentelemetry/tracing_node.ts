/* An extension of a provider process: it writes each span that has ended to stdout, as a line of JSON. */
import { BasicTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Provider } from 'oidc-provider-deferred'
import { instrument } from 'oidc-provider-deferred/opentelemetry'

/** A span, as a node writes it. */
export interface WrittenSpan {
  name: string
  pid: number
  spanId: string
  parent?: string
  links: string[]
  attributes: Record<string, unknown>
}

function written(span: ReadableSpan): WrittenSpan {
  const { name, parentSpanContext, links, attributes } = span
  return {
    name,
    pid: process.pid,
    spanId: span.spanContext().spanId,
    ...(parentSpanContext && { parent: parentSpanContext.spanId }),
    links: links.map(({ context }) => context.spanId),
    attributes,
  }
}

const exporter = {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void) {
    for (const span of spans) console.log(JSON.stringify(written(span)))
    done({ code: 0 })
  },
  shutdown: async () => {},
}

/** Instruments the provider of this process. */
export default function trace(provider: Provider): void {
  const spans = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  instrument(provider, { tracer: spans.getTracer('node') })
}
