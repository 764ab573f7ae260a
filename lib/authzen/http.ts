/*
 * Requests to the policy decision point and to the access request service, through the guarded way out of notifications.
 */
import { isObject, toJson } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import { withSignal } from '../notification/deadline.js'
import type { Egress } from '../notification/egress/egress.js'
import { EgressDenied } from '../notification/egress/egress_denied.js'
import { faultCode } from '../notification/egress/fault_code.js'

/**
 * Headers with credentials for a request to this URL, for example `{ authorization: 'Bearer ...' }`. If it throws, rejects or
 * takes longer than `timeout`, no request is sent. The alert then has the message of the error.
 */
export type Authenticate = (url: string) => Promise<Record<string, string>> | Record<string, string>

/** The service could not be asked, or its answer could not be understood. It has not decided anything. */
export class Unavailable extends Error {
  /** seconds that the service asked to wait */
  readonly retryAfter: number

  constructor(reason: string, { cause, retryAfter = 0 }: { cause?: unknown; retryAfter?: number } = {}) {
    super(reason, { cause })
    this.retryAfter = retryAfter
  }
}

/** An answer of a service. `body` is its JSON object; absent if it is something else. */
export interface ServiceAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body?: JsonObject
}

/** Sends a request and reads the answer. Rejects with `Unavailable` if there is none. */
export type Ask = (
  request: { method: 'GET' | 'POST'; url: string; headers?: Record<string, string>; body?: JsonObject },
  signal?: AbortSignal,
) => Promise<ServiceAnswer>

/** Asks with these credentials; credentials and answer have to come within `timeout` milliseconds. */
export function createAsk(egress: Egress, authenticate: Authenticate, timeout: number): Ask {
  return ({ method, url, headers = {}, body }, signal) => {
    const inTime = async (limit: AbortSignal) => {
      const credentials = await credentialsFor(url, authenticate, limit)
      const type: Record<string, string> = body ? { 'content-type': 'application/json' } : {}
      const all = { accept: 'application/json', ...type, ...headers, ...credentials }
      const request = { method, endpoint: url, headers: all, ...(body && { body: JSON.stringify(body) }) }
      try {
        const answer = await egress.inquire(request, limit)
        const parsed = parse(answer.text)
        return { status: answer.status, headers: answer.headers, ...(parsed && { body: parsed }) }
      } catch (cause) {
        throw new Unavailable(reasonOf(url, cause), { cause })
      }
    }
    return withSignal(timeout, inTime, signal)
  }
}

async function credentialsFor(
  url: string,
  authenticate: Authenticate,
  limit: AbortSignal,
): Promise<Record<string, string>> {
  try {
    return await Promise.race([authenticate(url), rejectOnAbort(limit)])
  } catch (cause) {
    throw new Unavailable(`authenticate failed: ${cause instanceof Error ? cause.message : faultCode(cause)}`, {
      cause,
    })
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new Error('it took too long'))
    // an aborted signal emits no event any more
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function reasonOf(url: string, cause: unknown): string {
  const { host } = new URL(url)
  return cause instanceof EgressDenied
    ? `${host} ${cause.message}`
    : `${host} gave no usable answer: ${faultCode(cause)}`
}

/** The seconds of `Retry-After`; 0 without it, or if it is a date. */
export function retryAfterOf({ headers }: Pick<ServiceAnswer, 'headers'>): number {
  const value = [headers['retry-after']].flat()[0] ?? ''
  return /^\d{1,9}$/.test(value) ? Number(value) : 0
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = toJson(JSON.parse(text))
    return isObject(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
