/* "Token Request" and "Token Error Response" of the OpenID draft, "Polling" of the IETF draft. */
import * as client from 'openid-client'
import { assertOwnDeferral } from './arguments.js'
import { emptyAnswer, siblingConfiguration, type Tokens, validatedTokens } from './configuration.js'
import { type Deferral, type DPoPOptions, defined } from './deferral.js'
import { clientError, DeferralDenied, DeferralExpired, DeferralGone } from './errors.js'
import { checkIdToken } from './id_token.js'
import { wireNames } from './profiles.js'
import { retryAfter } from './retry_after.js'

/** How far the decision is. */
export interface Progress {
  step: string
  position?: number
  /** As the operator gave it. */
  estimate?: number
}

/** There is no decision yet. */
export interface Pending {
  /** `slow_down`: the poll came too early. */
  status: 'pending' | 'interaction_required' | 'interaction_pending' | 'slow_down'
  /** Seconds to wait before the next poll. */
  retryAfter: number
  progress?: Progress
  /** A page of the provider where somebody has to act first. */
  interactionUri?: string
}

/** The request was approved. */
export interface Granted {
  status: 'granted'
  /** The tokens. The ID Token was validated. */
  tokens: Tokens
}

/**
 * Polls once. Resolves to a pending answer or to the tokens. Rejects with `DeferralDenied`, `DeferralExpired` or `DeferralGone`, and
 * with the error of openid-client for everything else: then nothing was decided, and the deferral can be polled again. After a
 * rejection for a claim of the ID Token there are no other tokens.
 *
 * `wait()` is what a client needs most of the time. It knows when to poll again.
 *
 * ```ts
 * import { poll } from 'oidc-provider-deferred/client'
 *
 * const answer = await poll(config, await load(id))
 * if (answer.status === 'granted') console.log(answer.tokens.claims())
 * else console.log(`not decided, try again in ${answer.retryAfter} seconds`)
 * ```
 */
export async function poll(
  config: client.Configuration,
  deferral: Deferral,
  options: DPoPOptions = {},
): Promise<Pending | Granted> {
  await assertOwnDeferral(config, deferral, options)
  return pollOwn(config, deferral, options)
}

/** The same, for a deferral that belongs to this configuration. With `seconds` it asks the provider to hold the poll. */
export async function pollOwn(
  config: client.Configuration,
  deferral: Deferral,
  { DPoP, seconds = 0 }: DPoPOptions & { seconds?: number },
): Promise<Pending | Granted> {
  const { grantType, handle } = wireNames[deferral.profile]
  let body: string | undefined
  // keeps the body of the answer with the tokens: it can be validated again
  const sibling = siblingConfiguration(config, async (parameters, send) => {
    parameters.set('grant_type', grantType)
    const response = await send(seconds > 0 ? { prefer: `wait=${seconds}` } : {})
    if (response.status !== 200) return response
    body = await response.text().catch((cause) => {
      throw clientError('the answer to the poll was lost', 'OAUTH_PARSE_ERROR', cause)
    })
    return emptyAnswer(response)
  })
  // an answer that is held is not late; a time-out of 0 is none
  if (sibling.timeout) sibling.timeout += seconds
  try {
    await client.genericGrantRequest(sibling, grantType, { [handle]: deferral.handle }, defined({ DPoP }))
  } catch (error) {
    if (error instanceof client.ResponseBodyError) return pendingOf(error, deferral)
    throw error
  }
  const tokens = await validatedTokens(config, String(body))
  checkIdToken(deferral, tokens)
  return { status: 'granted', tokens }
}

/** What an error response to a poll means. Throws what is not pending; an error that is not known stays as it is. */
function pendingOf(error: client.ResponseBodyError, { interval }: Deferral): Pending {
  const { progress, interaction_uri, reason } = error.cause
  const seconds = retryAfter(error.response)
  switch (error.error) {
    case 'authorization_pending':
      return { status: 'pending', retryAfter: seconds ?? interval, ...progressOf(progress) }
    case 'interaction_required':
    case 'interaction_pending': {
      const interactionUri = typeof interaction_uri === 'string' ? interaction_uri : undefined
      const pending = { status: error.error, retryAfter: seconds ?? interval, ...progressOf(progress) } as const
      return interactionUri === undefined ? pending : { ...pending, interactionUri }
    }
    case 'slow_down':
      return { status: 'slow_down', retryAfter: seconds ?? interval + 5 }
    case 'access_denied':
      throw new DeferralDenied(typeof reason === 'string' ? reason : error.error_description, { cause: error })
    case 'expired_token':
      throw new DeferralExpired('the deferred request has expired', { cause: error })
    case 'invalid_grant':
      throw new DeferralGone('the handle is not known, not ours, or its tokens were issued already', { cause: error })
    default:
      throw error
  }
}

function progressOf(value: client.JsonValue | undefined): { progress?: Progress } {
  if (typeof value !== 'object' || value === null || !('step' in value)) return {}
  const { step, position, estimate } = value as client.JsonObject
  if (typeof step !== 'string') return {}
  return {
    progress: {
      step,
      ...(typeof position === 'number' && { position }),
      ...(typeof estimate === 'number' && { estimate }),
    },
  }
}
