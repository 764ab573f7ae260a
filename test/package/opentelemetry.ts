/*
 * Runs in a project where the package is installed, and is type-checked there: what `./opentelemetry` exports, with the API alone
 * and no SDK.
 */
import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import { Provider } from 'oidc-provider-deferred'
import { type InstrumentOptions, instrument } from 'oidc-provider-deferred/opentelemetry'

const meter: Meter = metrics.getMeter('packed')
const tracer: Tracer = trace.getTracer('packed')
const options: InstrumentOptions = { meter, tracer, queues: 5 }
const provider = new Provider('https://op.example', { features: { deferredTokenResponse: { enabled: true } } })
const end: () => void = instrument(provider, options)
const { pending } = await provider.deferrals.stats()
end()
if (pending !== 0) throw new Error('an instrumented provider does not work')
process.exit(0)
