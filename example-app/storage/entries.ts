import type { JWK } from 'jose'
import type { Deferral, Progress } from 'oidc-provider-deferred/client'
import type { Entry } from './collection.js'

/** Keys that must survive a restart. A real bank keeps them in a vault. */
export interface Keys extends Entry {
  signing: JWK
  /** Signs the assertions of the partner's identity provider. A real partner keeps its own key. */
  partner: JWK
  /** Signs the cookies of the provider and of the sites. */
  cookies: string
  clientSecret: string
  /** The plugin encrypts notification tokens with it. */
  notifications: string
}

/** A picture that a customer uploaded as evidence. It stays with the provider: the deferral has only its `_id`. */
export interface Evidence extends Entry {
  /** The interaction in which it was uploaded. */
  uid: string
  kind: string
  type: string
  bytes: Uint8Array
}

/** A question on a customer's phone. Its `_id` is for the provider only. */
export interface Question extends Entry {
  deferralId: string
  accountId: string
  clientId: string
  scope: string
  answer: 'yes' | 'no' | null
}

export type JourneyStatus = 'started' | 'checking' | 'open' | 'refused' | 'cancelled' | 'expired' | 'failed'

/** What a customer wants: to open an account, or to sign in. */
export type Purpose = 'account' | 'banking'

/** One customer's way through the relying party, from the authorization request to the final answer. */
export interface Journey extends Entry {
  purpose: Purpose
  /** Session of the browser it belongs to. */
  session: string
  status: JourneyStatus
  state: string
  nonce: string
  codeVerifier: string
  /** What it waits for. Null before the wait. It stays after the end, because a late notification still names it. */
  deferral: Deferral | null
  /** The handle of the deferral: a notification finds the journey with it. */
  handle: string | null
  /** The page where the customer has to confirm. */
  interactionUri?: string | null | undefined
  progress?: Progress | undefined
  /** Why it was refused, or failed. */
  reason?: string | undefined
  scope?: string | undefined
  claims?: Record<string, unknown> | undefined
}
