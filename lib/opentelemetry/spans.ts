/*
 * A span for each step of a deferral. Steps may be days apart, and run in different processes: each is linked to the step before it
 * by the `traceparent` in the record.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Attributes, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import {
  channelsOf,
  type LinkMessage,
  linkChannel,
  type Operation,
  type OperationMessage,
} from '../diagnostics/channels.js'
import { defined, errorType } from './attributes.js'
import { catchTelemetryErrors, subscribe, type Unsubscribe } from './subscriptions.js'
import { linksTo, traceparentOf } from './traceparent.js'

/** The steps, with the names of their spans. Polls that only wait have none. */
const names: Partial<Record<Operation, string>> = {
  create: 'deferral.create',
  exchange: 'deferral.exchange',
  decide: 'deferral.decide',
  redeem: 'deferral.redeem',
  notify: 'deferral.notify',
}

/** Traces the steps of the deferrals of an issuer. */
export function traceSteps(tracer: Tracer, issuer: string): Unsubscribe[] {
  const current = new AsyncLocalStorage<Span | undefined>()
  const steps = Object.keys(names) as Operation[]
  return [
    ...steps.flatMap((step) => traceStep(tracer, issuer, current, step)),
    subscribe(linkChannel, issuer, (message) => link(current.getStore() ?? trace.getActiveSpan(), message)),
  ]
}

function traceStep(
  tracer: Tracer,
  issuer: string,
  current: AsyncLocalStorage<Span | undefined>,
  step: Operation,
): Unsubscribe[] {
  const { start, asyncEnd } = channelsOf(step)
  const spans = new WeakMap<OperationMessage, Span>()
  start.bindStore(current, (message) => {
    if (message.issuer !== issuer) return current.getStore()
    const span = catchTelemetryErrors(() => startSpan(tracer, step, message))
    if (span) spans.set(message, span)
    return span
  })
  const end = subscribe(asyncEnd, issuer, (message) => {
    const span = spans.get(message)
    if (span) endSpan(span, message)
  })
  return [() => start.unbindStore(current), end]
}

function startSpan(tracer: Tracer, step: Operation, message: OperationMessage): Span {
  return tracer.startSpan(names[step] ?? step, {
    attributes: attributesOf(message),
    links: linksTo(message.traceparent),
  })
}

function endSpan(span: Span, message: OperationMessage): void {
  span.setAttributes(attributesOf(message))
  if (message.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

function attributesOf(message: OperationMessage): Attributes {
  const { issuer, id, profile, queue, operation, outcome, attempt, status } = message
  return defined({
    'deferral.issuer': issuer,
    'deferral.id': id,
    'deferral.profile': profile,
    'deferral.queue': queue,
    'deferral.operation': operation,
    'deferral.outcome': outcome,
    'deferral.notification.attempt': attempt,
    'http.response.status_code': status,
    ...errorType(message),
  })
}

const linked = new WeakMap<Span, string>()

/** Links the current span to the step before, and hands over its own `traceparent`. A write that is repeated is linked once. */
function link(span: Span | undefined, message: LinkMessage): void {
  if (!span) return
  const { id, previous } = message
  const traceparent = traceparentOf(span)
  // an erasure cancels first, within the same span
  if (previous !== undefined && previous !== traceparent && linked.get(span) !== previous) {
    span.addLinks(linksTo(previous))
    linked.set(span, previous)
  }
  if (traceparent === undefined) return
  span.setAttribute('deferral.id', id)
  message.traceparent = traceparent
}
