import { type Configuration, type DPoPHandle, genericGrantRequest, ResponseBodyError } from 'openid-client'
import { interactionUri } from './interaction_uri.js'

/** The provider's answer to a token request or a poll. */
export type Answer =
  | { state: 'granted'; details: unknown[]; expiresIn: number | undefined }
  | { state: 'pending'; reason: string; confirmAt: string | undefined; pause: number | undefined; handle?: Handle }
  | { state: 'refused'; reason: string }

export interface Handle {
  deferralCode: string
  interval: number
  expiresIn: number
}

const deferred = 'urn:ietf:params:oauth:grant-type:deferred'
const pendingErrors = ['authorization_pending', 'interaction_required', 'slow_down']

export interface Conversation {
  /** The token request. It offers to wait. */
  ask(scope: string, resource: string, details: object[]): Promise<Answer>
  poll(deferralCode: string): Promise<Answer>
}

/** Talks to the token endpoint. One DPoP key binds every message, and the token too. */
export function createConversation(configuration: Configuration, DPoP: DPoPHandle): Conversation {
  async function send(grantType: string, parameters: Record<string, string>): Promise<Answer> {
    try {
      const tokens = await genericGrantRequest(configuration, grantType, parameters, { DPoP })
      return { state: 'granted', details: tokens.authorization_details ?? [], expiresIn: tokens.expires_in }
    } catch (error) {
      if (error instanceof ResponseBodyError && error.status < 500) return answerOf(error, configuration)
      throw error
    }
  }
  return {
    ask: (scope, resource, details) =>
      send('client_credentials', {
        scope,
        resource,
        authorization_details: JSON.stringify(details),
        completion_mode: 'deferred',
      }),
    poll: (deferralCode) => send(deferred, { deferral_code: deferralCode }),
  }
}

function answerOf({ error, error_description, response, cause }: ResponseBodyError, at: Configuration): Answer {
  const reason = error_description ?? error
  if (!pendingErrors.includes(error)) return { state: 'refused', reason }
  const { deferral_code: deferralCode, interval = 5, expires_in: expiresIn = 0, interaction_uri: uri } = cause
  const handle = typeof deferralCode === 'string' && {
    deferralCode,
    interval: Number(interval),
    expiresIn: Number(expiresIn),
  }
  const pause = Number(response.headers.get('Retry-After')) || undefined
  const confirmAt = interactionUri(uri, at.serverMetadata().issuer)
  return { state: 'pending', reason, confirmAt, pause, ...(handle && { handle }) }
}
