import { ClientSecretBasic } from 'openid-client'
import type { Journey } from '../storage/entries.js'
import type { Op } from './op.js'
import { polling } from './poll.js'

/** Posts a form with our credentials. openid-client has no function for these messages. */
async function post(op: Op, url: string, parameters: Record<string, string>): Promise<Record<string, unknown>> {
  const { configuration, clientSecret, fetch } = op
  const body = new URLSearchParams(parameters)
  const headers = new Headers({ Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' })
  ClientSecretBasic(clientSecret)(configuration.serverMetadata(), configuration.clientMetadata(), body, headers)
  const response = await fetch(url, { method: 'POST', headers, body })
  const text = await response.text()
  // The answer to a revocation is empty.
  const answer: Record<string, unknown> = text ? JSON.parse(text) : {}
  if (!response.ok) throw new Error(String(answer.error_description ?? answer.error))
  return answer
}

/** The handle to poll with, and the interval in seconds. */
export interface PollHandle {
  handle: string
  interval: number
}

/** Deferred Code Exchange: sends the code from the redirect and gets the handle to poll with. */
export async function exchange(
  op: Op,
  deferredCode: string,
  { codeVerifier, notificationToken }: Journey,
): Promise<PollHandle> {
  const answer = await post(op, op.configuration.serverMetadata().token_endpoint ?? '', {
    grant_type: polling.account.grantType,
    deferred_code: deferredCode,
    redirect_uri: op.redirectUri,
    code_verifier: codeVerifier,
    deferred_notification_token: notificationToken,
  })
  const { deferred_auth_id: handle, interval } = answer
  if (typeof handle !== 'string') throw new Error('no deferred_auth_id in the answer')
  return { handle, interval: typeof interval === 'number' ? interval : 5 }
}

/** Cancels the request. Each profile has its own endpoint for it. */
export async function cancel(op: Op, { purpose, handle }: Journey): Promise<void> {
  const { deferred_authentication_cancellation_endpoint: cancellation, revocation_endpoint: revocation } =
    op.configuration.serverMetadata()
  const endpoint = purpose === 'account' ? cancellation : revocation
  if (typeof endpoint !== 'string') throw new Error('the provider offers no cancellation')
  await post(op, endpoint, { [purpose === 'account' ? 'deferred_auth_id' : 'token']: handle ?? '' })
}
