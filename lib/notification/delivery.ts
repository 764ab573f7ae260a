/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Ping Callback", and OAuth 2.0 Deferred Token Response, "Client Callback": a
 * POST with the handle to poll with. It does not contain the decision. The ping of CIBA is the same with its own handle.
 */
import type { DeferralRecord } from '../deferral/deferral_record.js'
import type { Channel, Settlement } from '../deferral/notification.js'
import { pollHandles } from '../deferral/profile.js'
import type { Egress } from './egress/egress.js'
import { EgressDenied } from './egress/egress_denied.js'
import { faultCode } from './egress/fault_code.js'
import { delayAfter } from './retry_schedule.js'
import { KeyNotFound, type Sealer } from './sealer.js'

const retried = [408, 425, 429]
// a certificate fault rarely goes away by itself: two more attempts
const certificateAttempts = 3
const certificateFault =
  /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/

// RFC 9110, section 5.6.7: the current format and the two obsolete ones, which a recipient has to accept
const httpDates = [
  /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
]

/** Where to send a notification. `fault`: why the endpoint is unknown at the moment. */
export interface Recipient {
  /** from the client's metadata, unchecked */
  endpoint?: unknown
  fault?: string
  /** this node does not know the client; another one may */
  isUnknown?: boolean
}

/** The outcome of an attempt. `isFinal`: another attempt would change nothing. */
interface Outcome {
  answer?: number
  reason?: string
  isFinal?: boolean
  isCertificateFault?: boolean
  /** seconds that the receiver asked to wait */
  retryAfter?: number
}

/** Makes one attempt with a leased notification. Resolves to the result to write, and never rejects. */
export async function deliver(
  { sealer, egress }: { sealer: Sealer; egress: Egress },
  record: DeferralRecord,
  recipient: Recipient & { channel: Channel },
  signal: AbortSignal,
): Promise<Settlement> {
  const attempt = record[recipient.channel]?.attempts ?? 1
  return settlement(attempt, await send({ sealer, egress }, record, recipient, signal))
}

/** The outcome of an attempt that got a response with this HTTP status. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return { answer: status }
  const isRetried = retried.includes(status) || status >= 500
  return { answer: status, reason: `the endpoint answered ${status}`, isFinal: !isRetried }
}

/** The seconds of a `Retry-After` header (RFC 9110, section 10.2.3); from `now` if the header is a date. */
export function retryAfterSeconds(value: string | undefined, now: Date): number {
  const text = value?.replace(/^[ \t]+|[ \t]+$/g, '') ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  // Date.parse alone accepts almost any text with a number
  const date = httpDates.some((format) => format.test(text)) ? Date.parse(text.replace(/( GMT)?$/, ' GMT')) : Number.NaN
  return Number.isNaN(date) ? 0 : Math.max((date - now.getTime()) / 1000, 0)
}

async function send(
  { sealer, egress }: { sealer: Sealer; egress: Egress },
  { issuer, id, clientId, profile, readAt, ...record }: DeferralRecord,
  { channel, endpoint, fault }: Recipient & { channel: Channel },
  signal: AbortSignal,
): Promise<Outcome> {
  if (fault !== undefined) return { reason: fault }
  if (endpoint === undefined) return { reason: 'the client has no endpoint any more', isFinal: true }
  try {
    const { sealed = '', attempts } = record[channel] ?? {}
    const { handle, token } = await sealer.open({ issuer, id, clientId }, sealed)
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'oidc-provider-deferred',
      'delivery-id': id,
      'delivery-attempt': String(attempts),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    const body = JSON.stringify({ [channel === 'ping' ? 'auth_req_id' : pollHandles[profile]]: handle })
    const { status, retryAfter } = await egress.post({ clientId, endpoint, headers, body }, signal)
    return { ...outcomeOf(status), retryAfter: retryAfterSeconds(retryAfter, readAt) }
  } catch (error) {
    return outcomeOfFault(error)
  }
}

// an integrator's resolver may reject with any value
function outcomeOfFault(error: unknown): Outcome {
  const code = faultCode(error)
  if (error instanceof EgressDenied) return { reason: `the endpoint ${error.message}`, isFinal: true }
  if (error instanceof KeyNotFound) return { reason: `what is sealed cannot be opened: ${error.message}` }
  if (/^ERR_J(OSE|W)/.test(code)) return { reason: `what is sealed cannot be opened: ${code}`, isFinal: true }
  if (certificateFault.test(code))
    return { reason: `the certificate of the endpoint is not accepted: ${code}`, isCertificateFault: true }
  return { reason: `no answer: ${code}` }
}

function settlement(attempt: number, outcome: Outcome): Settlement {
  const { answer, reason, retryAfter } = outcome
  if (reason === undefined) return { status: 'delivered', answer: answer as number }
  const isTooOften = outcome.isCertificateFault && attempt >= certificateAttempts
  if (outcome.isFinal || isTooOften) return { status: 'failed', reason, answer }
  return { status: 'owed', delay: delayAfter(attempt, retryAfter), reason, answer }
}
