import { type DiagLogger, diag, type Meter } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, NoopSpanProcessor, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { type InstrumentOptions, instrument } from 'oidc-provider-deferred/opentelemetry'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useDeployment } from '../diagnostics/deployment.js'
import { collected } from './collected.js'

const deployment = useDeployment()

const fault = new Error('the telemetry is broken')
const fails = () => {
  throw fault
}
const none = () => undefined
let errors: unknown[][]

beforeEach(() => {
  errors = []
  const logger: DiagLogger = {
    error: (...args) => void errors.push(args),
    warn: none,
    info: none,
    debug: none,
    verbose: none,
  }
  diag.setLogger(logger, { suppressOverrideMessage: true })
})
afterEach(() => diag.disable())

const processing = (part: Partial<SpanProcessor>) => ({
  tracer: new BasicTracerProvider({ spanProcessors: [Object.assign(new NoopSpanProcessor(), part)] }).getTracer('test'),
})
const sampler: Sampler = { shouldSample: fails, toString: () => 'a sampler' }
const broken: [string, () => InstrumentOptions][] = [
  ['a span processor at the start', () => processing({ onStart: fails })],
  ['a span processor at the end', () => processing({ onEnd: fails })],
  ['a sampler', () => ({ tracer: new BasicTracerProvider({ sampler }).getTracer('test') })],
  ['a counter', () => ({ meter: meterWith('createCounter', { add: fails }) })],
  ['a histogram', () => ({ meter: meterWith('createHistogram', { record: fails }) })],
]

function meterWith(method: keyof Meter, part: object): Meter {
  return Object.assign(new MeterProvider().getMeter('test'), { [method]: () => part })
}

// an error that is not caught is an uncaught exception, which ends the run with an error as well
test.each(broken)(
  '%s that throws changes nothing, and the logger of OpenTelemetry gets the error',
  async (_what, options) => {
    const end = instrument(deployment.op.provider, options())
    const deferral = await deployment.oauth()
    await deferral.poll()
    await deployment.op.provider.deferrals.approve(deferral.id)
    await deployment.notified(deferral)
    expect((await deferral.poll()).status).toBe(200)
    end()
    expect(errors).toContainEqual(['oidc-provider-deferred: telemetry failed', fault])
  },
)

test('other instruments go on when one fails', async () => {
  const { op } = deployment
  const otel = collected(op.provider, { tracer: processing({ onStart: fails }).tracer })
  await deployment.oauth()
  otel.end()
  expect((await otel.metric('deferral.created'))?.series).toHaveLength(1)
  expect(errors).not.toEqual([])
})
