import * as client from 'openid-client'
import { retryAfter } from './retry_after.js'

const transientErrors = ['server_error', 'temporarily_unavailable', 'use_dpop_nonce']

// openid-client's codes for an answer that is no answer of OAuth, and for no answer
const faultCodes = [
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  undefined,
]

/** Whether a poll failed in a way that decides nothing: the network, a proxy, or a provider that has a problem. */
export function isFault(error: unknown): boolean {
  if (error instanceof client.ResponseBodyError)
    return isTransient(error.status) || transientErrors.includes(error.error)
  if (error instanceof client.WWWAuthenticateChallengeError) return isTransient(error.status)
  if (error instanceof client.ClientError) return faultCodes.includes(error.code)
  // fetch rejects with a TypeError; those of openid-client have a code
  return error instanceof TypeError && !('code' in error && String(error.code).startsWith('ERR_INVALID'))
}

const isTransient = (status: number) => [408, 425, 429].includes(status) || status >= 500

/** Whether the answer to a poll that failed may have been the one with the tokens. */
export function isAnswerLost(error: unknown): boolean {
  const status = responseOf(error)?.status
  return status === undefined || status === 200 || (status >= 500 && status !== 503)
}

/** `Retry-After` of the answer to a poll that failed, in seconds. */
export function retryAfterOf(error: unknown): number | undefined {
  const response = responseOf(error)
  return response && retryAfter(response)
}

function responseOf(error: unknown): Response | undefined {
  if (error instanceof client.ResponseBodyError || error instanceof client.WWWAuthenticateChallengeError) {
    return error.response
  }
  return error instanceof client.ClientError && isResponse(error.cause) ? error.cause : undefined
}

// not instanceof: the fetch of the caller may be another one than that of this runtime
function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'headers' in value && 'status' in value
}
