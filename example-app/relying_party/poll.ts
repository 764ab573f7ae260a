import { genericGrantRequest, ResponseBodyError } from 'openid-client'
import type { Journey, Purpose } from '../storage/entries.js'
import { type Op, purposes } from './op.js'

type Changes = Partial<Journey>

/** The grant type and the parameter of each purpose's poll. */
export const polling: Readonly<Record<Purpose, { grantType: string; parameter: string }>> = {
  account: { grantType: 'urn:openid:params:grant-type:deferred', parameter: 'deferred_auth_id' },
  banking: { grantType: 'urn:ietf:params:oauth:grant-type:deferred', parameter: 'deferral_code' },
}

const ended = { interactionUri: null }

/** The changes to the journey for each error of the token endpoint. An unknown error is a failure. */
function changesFor(error: ResponseBodyError, { interval }: Journey): Changes {
  const reason = error.error_description
  switch (error.error) {
    case 'authorization_pending':
      return { progress: reason, interactionUri: null }
    case 'interaction_required':
      return { interactionUri: String(error.cause.interaction_uri) }
    case 'slow_down':
      return { interval: interval + 5 }
    case 'access_denied':
      return { ...ended, status: 'refused', reason }
    case 'expired_token':
      return { ...ended, status: 'expired' }
    default:
      return { ...ended, status: 'failed', reason: error.error }
  }
}

/**
 * Sends one token request. openid-client authenticates us and validates the tokens, including the signature of the ID Token. The
 * nonce is checked here, because openid-client does not know it.
 */
async function askForTokens(
  op: Op,
  { purpose, nonce }: Journey,
  grantType: string,
  parameters: Record<string, string>,
): Promise<Changes> {
  const tokens = await genericGrantRequest(op.configuration, grantType, parameters)
  const claims = tokens.claims()
  if (!claims || claims.nonce !== nonce) return { ...ended, status: 'failed', reason: 'nonce' }
  return { ...ended, status: 'open', scope: tokens.scope ?? purposes[purpose].scope, claims: { ...claims } }
}

/** Polls once. */
export async function poll(op: Op, journey: Journey): Promise<Changes> {
  const { grantType, parameter } = polling[journey.purpose]
  try {
    return await askForTokens(op, journey, grantType, { [parameter]: journey.handle ?? '' })
  } catch (error) {
    // A provider that is down has decided nothing: poll again later.
    if (error instanceof ResponseBodyError && error.status < 500) return changesFor(error, journey)
    return {}
  }
}

/** Redeems an ordinary code and offers to wait. The answer has tokens, or a handle to poll with. */
export async function redeem(op: Op, journey: Journey, code: string): Promise<Changes> {
  const parameters = { code, redirect_uri: op.redirectUri, code_verifier: journey.codeVerifier }
  const offer = { completion_mode: 'deferred', client_notification_token: journey.notificationToken }
  try {
    return await askForTokens(op, journey, 'authorization_code', { ...parameters, ...offer })
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw error
    const { deferral_code: handle, interval } = error.cause
    const changes = changesFor(error, journey)
    if (typeof handle !== 'string') return changes
    return { ...changes, status: 'checking', handle, interval: typeof interval === 'number' ? interval : 5 }
  }
}
