import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { AlwaysOffSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { instrument } from 'oidc-provider-deferred/opentelemetry'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Case, useDeployment } from '../diagnostics/deployment.js'
import { type Collected, collected } from './collected.js'

const deployment = useDeployment()
let otel: Collected

beforeAll(() => {
  otel = collected(deployment.op.provider)
})
afterAll(() => otel?.end())

const named = (id: string, name: string) => otel.spans(id).filter((span) => span.name === name)
const idsOf = (spans: ReadableSpan[]) => spans.map((span) => span.spanContext().spanId)
const linksOf = (spans: ReadableSpan[]) => spans.flatMap(({ links }) => links.map((link) => link.context.spanId))
const storedOf = async ({ id }: Case) => (await deployment.store.find(id))?.traceparent

test.each(['openid', 'oauth'] as const)(
  '%s: request, decision and redemption are linked, each to the step before',
  async (profile) => {
    const deferral = await deployment[profile]()
    const { id } = deferral
    await deferral.poll()
    await deployment.op.provider.deferrals.approve(id, { by: 'robin' })
    await deployment.notified(deferral)
    expect((await deferral.poll()).status).toBe(200)

    const steps = ['deferral.create', ...(profile === 'openid' ? ['deferral.exchange'] : [])]
    const later = ['deferral.decide', 'deferral.notify', 'deferral.redeem']
    expect(otel.spans(id).map(({ name }) => name)).toEqual([...steps, ...later])
    const [creation, decision] = [named(id, 'deferral.create'), named(id, 'deferral.decide')]
    expect(linksOf(creation)).toEqual([])
    expect(linksOf(named(id, 'deferral.exchange'))).toEqual(profile === 'openid' ? idsOf(creation) : [])
    expect(linksOf(decision)).toEqual(idsOf(creation))
    expect(linksOf(named(id, 'deferral.notify'))).toEqual(idsOf(decision))
    expect(linksOf(named(id, 'deferral.redeem'))).toEqual(idsOf(decision))
    // each step is the root of a trace of its own: no tracer keeps a trace open for days
    expect(new Set(otel.spans(id).map((span) => span.spanContext().traceId)).size).toBe(steps.length + later.length)
    expect(decision[0]?.attributes).toMatchObject({
      'deferral.profile': profile,
      'deferral.operation': 'approve',
      'deferral.outcome': 'approved',
    })
  },
)

test('a step within a span of the application is its child, and the notification is not', async () => {
  const deferral = await deployment.oauth()
  const operator = otel.tracer.startSpan('POST /approve', {}, ROOT_CONTEXT)
  await context.with(trace.setSpan(ROOT_CONTEXT, operator), async () => {
    await deployment.op.provider.deferrals.approve(deferral.id)
    await deployment.notified(deferral)
  })
  operator.end()
  const [decision] = named(deferral.id, 'deferral.decide')
  expect(decision?.parentSpanContext?.spanId).toBe(operator.spanContext().spanId)
  expect(named(deferral.id, 'deferral.notify').map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined])
})

test('a cancellation that is no call of cancel is linked through the span of its request', async () => {
  const deferral = await deployment.openid()
  const request = otel.tracer.startSpan('POST /erase', {}, ROOT_CONTEXT)
  await context.with(trace.setSpan(ROOT_CONTEXT, request), () =>
    deployment.op.provider.deferrals.erase({ id: deferral.id }),
  )
  request.end()
  expect(linksOf(named(deferral.id, 'POST /erase'))).toEqual(idsOf(named(deferral.id, 'deferral.create')))
})

test('a fault is a span with the status error, and without the message of the error', async () => {
  const before = otel.spans().length
  await expect(deployment.op.provider.deferrals.approve('an unknown id')).rejects.toThrow('no deferral has this id')
  const [span] = otel.spans().slice(before)
  expect(span?.status).toEqual({ code: 2 })
  expect(span?.attributes).toMatchObject({ 'error.type': 'ERR_DEFERRAL_NOT_FOUND', 'deferral.outcome': 'error' })
  expect(JSON.stringify([span?.attributes, span?.events])).not.toContain('unknown')
})

test('an erasure removes the trace, and nothing is stored without instrumentation or for a span that is not sampled', async () => {
  const { deferrals } = deployment.op.provider
  const erased = await deployment.oauth()
  expect(await storedOf(erased)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  await deferrals.erase({ id: erased.id })
  expect(await storedOf(erased)).toBeUndefined()

  otel.end()
  const plain = await deployment.oauth()
  await deferrals.approve(plain.id)
  expect(await storedOf(plain)).toBeUndefined()
  const tracer = new BasicTracerProvider({ sampler: new AlwaysOffSampler() }).getTracer('test')
  const end = instrument(deployment.op.provider, { tracer })
  expect(await storedOf(await deployment.oauth())).toBeUndefined()
  end()
})
