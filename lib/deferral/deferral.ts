import type { Notification, NotificationRecord } from './notification.js'

/** Anything that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** A JSON object. */
export type JsonObject = { [name: string]: Json }

/** Which published form of Deferred Token Response a deferral speaks. */
export type Profile = 'openid' | 'oauth'

/** Where a deferral stands. Expiry is not a status: it is computed from `expiresAt`. */
export type DeferralStatus = 'pending' | 'approved' | 'denied' | 'cancelled' | 'redeemed'

/** Progress for the waiting client: a step, its place in the queue, an estimate in seconds. */
export interface Progress {
  step: string
  position?: number
  estimate?: number
}

/** Where somebody has to act before a deferral can be decided: a page of the integrator's. */
export interface Interaction {
  uri: string
}

/** What a decision allows: every member absent from it stays as requested, every member present is no wider. */
export interface Granted {
  scope?: string[]
  resource?: string[]
  authorizationDetails?: JsonObject[]
  /** the `claims` request object, members only removed */
  claims?: JsonObject
  acr?: string
  amr?: string[]
  /** seconds since the epoch, of a real re-authentication of the same end-user */
  authTime?: number
}

/** Who decided what, and why. `description` reaches the client, `note` never does. */
export interface Decision extends Granted {
  by?: string
  note?: string
  description?: string
  /** end of the approval: no token issued or refreshed under it lives longer */
  until?: Date
}

/** The key of the client's first request. Every later request about this deferral has to use the same key. */
export interface Binding {
  /** JWK SHA-256 thumbprint of the DPoP key (RFC 9449, section 6.1) */
  jkt?: string
  /** SHA-256 thumbprint of the client certificate (RFC 8705, section 3.1) */
  x5t?: string
  /** JWK SHA-256 thumbprint of the key of an attested client's installation */
  attestationJkt?: string
}

/** The answer of a redemption, stored for the option `retryWindow`. */
export interface KeptAnswer {
  /** compact JWE, encrypted under a key derived from the secret of the handle, which is not stored */
  sealed: string
  until: Date
}

/** Who asked for what, as reviewers see it. */
interface Requested {
  /** internal id, 22 base64url characters; may be logged and shown to reviewers */
  id: string
  profile: Profile
  clientId: string
  accountId?: string
  /** originating grant type, absent in the openid profile */
  grantType?: string
  scope: string[]
  resource: string[]
  authorizationDetails?: JsonObject[]
  claims?: JsonObject
  context?: JsonObject
}

/** One deferred request: the members that do not depend on its status. */
export interface DeferredRequest extends Requested {
  /** the host's Grant that the tokens will belong to */
  grantId?: string
  /** seconds between polls */
  interval: number
  /** seconds from the exchange, or from the token request that was deferred, to expiry */
  lifetime: number
  /** SHA-256 of the labelled secret in the deferred code */
  codeHash?: string
  /** the `scope` parameter of the first request, where the host took less of it */
  requestedScope?: string[]
  /** what the host would have put into its authorization code, as the host wrote it */
  source: JsonObject
}

interface Facts extends DeferredRequest {
  /** issuer of the provider that created it; several providers may share a store */
  issuer: string
  createdAt: Date
  expiresAt: Date
  /** when a sweep noticed the expiry of a pending or approved deferral; polls do not wait for that */
  expiredAt?: Date
  /** the next time at which a sweep has to look at it; absent: never */
  wakeAt?: Date
  exchangedAt?: Date
  /** SHA-256 of the labelled secret in the poll handle */
  handleHash?: string
  binding?: Binding
  /** the `resource` parameter of the exchange or the token request, needed again when tokens are minted */
  requestedResource?: string[]
  /** the `authorization_details` of the token request, where it asked for less than the authorization request */
  requestedDetails?: JsonObject[]
  progress?: Progress & ErrorDescription
  interaction?: Interaction
  cancelledBy?: string
  cancellationReason?: string
  notification?: NotificationRecord
  answer?: KeptAnswer
  /** the instant at which the store read or wrote this, by the clock that decides */
  readAt: Date
}

/** The decision and when it was taken. */
interface Decided {
  decision: Decision & ErrorDescription
  decidedAt: Date
}

/** The text for the client in the characters that `error_description` allows. It is made once, when the text is given. */
export interface ErrorDescription {
  errorDescription?: string
}

/** One deferral as its store keeps it. */
export type DeferralRecord = Facts &
  (
    | { status: 'pending' }
    | ({ status: 'approved' | 'denied' } & Decided)
    | ({ status: 'cancelled'; cancelledAt: Date } & Partial<Decided>)
    | ({ status: 'redeemed'; redeemedAt: Date } & Decided)
  )

/** One deferral as reviewers, events and the integrator's callbacks see it. It never holds a handle or a hash. */
export interface Deferral extends Requested {
  /** the host's Grant that the tokens will belong to, as `grant.revoked` names it */
  grantId?: string
  status: DeferralStatus
  /** not redeemed and past `expiresAt` */
  expired: boolean
  progress?: Progress
  /** what a pending deferral waits for, if somebody has to act */
  interaction?: Interaction
  decision?: Decision & { at: Date }
  createdAt: Date
  exchangedAt?: Date
  expiresAt: Date
  decidedAt?: Date
  redeemedAt?: Date
  cancelledAt?: Date
  cancelledBy?: string
  /** `grant.revoked`: the host revoked the Grant behind it, and nobody called `cancel` */
  cancellationReason?: string
  /** when a sweep noticed the expiry */
  expiredAt?: Date
  /** the notification of the client; absent where none can be sent */
  notification?: Notification
}
