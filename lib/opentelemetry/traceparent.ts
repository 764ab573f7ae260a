/* W3C Trace Context, "traceparent Header": the form in which a deferral keeps the span of its last step. */
import { type Link, type Span, TraceFlags } from '@opentelemetry/api'

const format = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The `traceparent` of a span; `undefined` if it is not sampled: nobody could look it up. */
export function traceparentOf(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return traceFlags & TraceFlags.SAMPLED ? `00-${traceId}-${spanId}-01` : undefined
}

/** The link to the span with this `traceparent`; none without one. */
export function linksTo(traceparent: string | undefined): Link[] {
  const [, traceId, spanId, flags] = format.exec(traceparent ?? '') ?? []
  if (!traceId || !spanId || !flags) return []
  return [{ context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true } }]
}
