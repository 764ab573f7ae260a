import type { JWK } from 'jose'
import type { Entry } from './collection.js'

/** Keys that must outlive a restart. A real bank keeps them in a vault. */
export interface Keys extends Entry {
  signing: JWK
  /** Signs the assertions of the partner's identity provider; a real one keeps it to itself. */
  partner: JWK
  /** Signs the cookies of the provider and of the sites. */
  cookies: string
  clientSecret: string
  /** Seals what notifications need. */
  notifications: string
}

/** A picture a customer gave as evidence. It stays with the provider; a deferral carries only `_id`. */
export interface Evidence extends Entry {
  /** The interaction during which it was given. */
  uid: string
  kind: string
  type: string
  bytes: Uint8Array
}

/** One line of what happened to a deferral. */
export interface HistoryLine extends Entry {
  deferralId: string
  event: string
  by?: string | undefined
  detail?: string | undefined
}

export type JourneyStatus = 'started' | 'checking' | 'open' | 'refused' | 'cancelled' | 'expired' | 'failed'

/** What a customer wants: to open an account, or to sign in to one. */
export type Purpose = 'account' | 'banking'

/** The relying party's memory of one customer who wants something. */
export interface Journey extends Entry {
  purpose: Purpose
  /** Session of the browser it belongs to. */
  session: string
  status: JourneyStatus
  state: string
  nonce: string
  codeVerifier: string
  /** The provider shows it when it tells us to look. It begins with `_id`, and stays: a provider may say the same thing twice. */
  notificationToken: string
  /** Our handle while we wait; dropped when the answer is there. */
  handle: string | null
  interval: number
  /** Where the provider wants the customer to confirm. */
  interactionUri?: string | null | undefined
  progress?: string | undefined
  /** Why it was refused, or failed. */
  reason?: string | undefined
  scope?: string | undefined
  claims?: Record<string, unknown> | undefined
}
