import { genericGrantRequest, ResponseBodyError } from 'openid-client'
import type { Journey, Purpose } from '../storage/entries.js'
import { type Op, purposes } from './op.js'

type Changes = Partial<Journey>

/** How each form of waiting asks. */
export const polling: Readonly<Record<Purpose, { grantType: string; parameter: string }>> = {
  account: { grantType: 'urn:openid:params:grant-type:deferred', parameter: 'deferred_auth_id' },
  banking: { grantType: 'urn:ietf:params:oauth:grant-type:deferred', parameter: 'deferral_code' },
}

const over = { handle: null, interactionUri: null }

/** What each answer other than tokens means for the customer. Anything unknown is a failure of ours. */
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
      return { ...over, status: 'refused', reason }
    case 'expired_token':
      return { ...over, status: 'expired' }
    default:
      return { ...over, status: 'failed', reason: error.error }
  }
}

/**
 * Asks for tokens once. openid-client authenticates us and validates the tokens, the ID Token's signature among them; whether the
 * ID Token answers our own request is ours to check, because only we know the nonce.
 */
async function askForTokens(
  op: Op,
  { purpose, nonce }: Journey,
  grantType: string,
  parameters: Record<string, string>,
): Promise<Changes> {
  const tokens = await genericGrantRequest(op.configuration, grantType, parameters)
  const claims = tokens.claims()
  if (!claims || claims.nonce !== nonce) return { ...over, status: 'failed', reason: 'nonce' }
  return { ...over, status: 'open', scope: tokens.scope ?? purposes[purpose].scope, claims: { ...claims } }
}

/** Asks whether there is an answer. */
export async function poll(op: Op, journey: Journey): Promise<Changes> {
  const { grantType, parameter } = polling[journey.purpose]
  try {
    return await askForTokens(op, journey, grantType, { [parameter]: journey.handle ?? '' })
  } catch (error) {
    // A provider that is down, or says so, has not decided anything: ask again later.
    if (error instanceof ResponseBodyError && error.status < 500) return changesFor(error, journey)
    return {}
  }
}

/** Redeems an ordinary code, and says that we can wait: the answer is tokens, or a handle to wait with. */
export async function redeem(op: Op, journey: Journey, code: string): Promise<Changes> {
  const parameters = { code, redirect_uri: op.redirectUri, code_verifier: journey.codeVerifier }
  const waiting = { completion_mode: 'deferred', client_notification_token: journey.notificationToken }
  try {
    return await askForTokens(op, journey, 'authorization_code', { ...parameters, ...waiting })
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw error
    const { deferral_code: handle, interval } = error.cause
    const changes = changesFor(error, journey)
    if (typeof handle !== 'string') return changes
    return { ...changes, status: 'checking', handle, interval: typeof interval === 'number' ? interval : 5 }
  }
}
