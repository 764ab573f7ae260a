import { ClientSecretBasic } from 'openid-client'
import { grantType, type Op } from './op.js'

/** Posts a form with our credentials: for the messages that no OpenID Connect library knows yet. */
async function post(op: Op, url: string, parameters: Record<string, string>): Promise<Record<string, unknown>> {
  const { configuration, clientSecret, fetch } = op
  const body = new URLSearchParams(parameters)
  const headers = new Headers({ Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' })
  ClientSecretBasic(clientSecret)(configuration.serverMetadata(), configuration.clientMetadata(), body, headers)
  const response = await fetch(url, { method: 'POST', headers, body })
  const answer: Record<string, unknown> = JSON.parse(await response.text())
  if (!response.ok) throw new Error(String(answer.error_description ?? answer.error))
  return answer
}

/** What we wait with: the handle, and the pace the provider asks for. */
export interface Waiting {
  deferredAuthId: string
  interval: number
}

/** Deferred Code Exchange: turns the reference that travelled through the browser into the handle we poll with. */
export async function exchange(op: Op, deferredCode: string, codeVerifier: string): Promise<Waiting> {
  const answer = await post(op, op.configuration.serverMetadata().token_endpoint ?? '', {
    grant_type: grantType,
    deferred_code: deferredCode,
    redirect_uri: op.redirectUri,
    code_verifier: codeVerifier,
  })
  const { deferred_auth_id: deferredAuthId, interval } = answer
  if (typeof deferredAuthId !== 'string') throw new Error('no deferred_auth_id in the answer')
  return { deferredAuthId, interval: typeof interval === 'number' ? interval : 5 }
}

/** Tells the provider that nobody waits any more. */
export async function cancel(op: Op, deferredAuthId: string): Promise<void> {
  const endpoint = op.configuration.serverMetadata().deferred_authentication_cancellation_endpoint
  if (typeof endpoint !== 'string') throw new Error('the provider offers no cancellation')
  await post(op, endpoint, { deferred_auth_id: deferredAuthId })
}
