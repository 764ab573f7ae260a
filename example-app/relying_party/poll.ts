import { genericGrantRequest, ResponseBodyError } from 'openid-client'
import type { Journey } from '../storage/entries.js'
import { grantType, type Op, requestedScope } from './op.js'

type Changes = Partial<Journey>

/** What each answer other than tokens means for the customer. Anything unknown is a failure of ours. */
function changesFor(error: ResponseBodyError, { interval }: Journey): Changes {
  const reason = error.error_description
  switch (error.error) {
    case 'authorization_pending':
      return { progress: reason }
    case 'slow_down':
      return { interval: interval + 5 }
    case 'access_denied':
      return { status: 'refused', reason, deferredAuthId: null }
    case 'expired_token':
      return { status: 'expired', deferredAuthId: null }
    default:
      return { status: 'failed', reason: error.error, deferredAuthId: null }
  }
}

/**
 * Asks once. openid-client authenticates us and validates the tokens, the ID Token's signature among them; whether the ID Token
 * answers our own request is ours to check, because only we know the nonce.
 */
export async function poll(op: Op, journey: Journey): Promise<Changes> {
  try {
    const tokens = await genericGrantRequest(op.configuration, grantType, {
      deferred_auth_id: journey.deferredAuthId ?? '',
    })
    const claims = tokens.claims()
    if (!claims || claims.nonce !== journey.nonce) return { status: 'failed', reason: 'nonce', deferredAuthId: null }
    return { status: 'open', scope: tokens.scope ?? requestedScope, claims: { ...claims }, deferredAuthId: null }
  } catch (error) {
    // A provider that is down, or says so, has not decided anything: ask again later.
    if (error instanceof ResponseBodyError && error.status < 500) return changesFor(error, journey)
    return {}
  }
}
