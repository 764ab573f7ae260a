import type { Leg } from './leg.js'
import type { Notification } from './notification.js'

/** Anything that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** A JSON object. */
export type JsonObject = { [name: string]: Json }

/** The draft that a deferral follows: `openid` is that of the OpenID Foundation, `oauth` that of the IETF. */
export type Profile = 'openid' | 'oauth'

/** The status of a deferral. Expiry is not a status: it is computed from `expiresAt`. */
export type DeferralStatus = 'pending' | 'approved' | 'denied' | 'cancelled' | 'redeemed'

/** Whether the client of a direct deferral has polled. */
export type Directness = 'unclaimed' | 'claimed'

/** Who did it: one name, or several. Each has 1 to 200 characters. */
export type By = string | string[]

/** Somebody who works on a deferral, until this time. It binds nobody: others can decide all the same. */
export interface Assignee {
  to: string
  by?: By
  at: Date
  until: Date
}

/** Progress for the waiting client: a step, the position in the queue, an estimate in seconds. */
export interface Progress {
  step: string
  position?: number
  estimate?: number
}

/** A page of the integrator's where somebody has to act before the deferral can be decided. */
export interface Interaction {
  uri: string
}

/** The rights that a decision grants. An absent member stays as requested; a present one must not be wider. */
export interface Granted {
  scope?: string[]
  resource?: string[]
  authorizationDetails?: JsonObject[]
  /** the `claims` request object; members may be removed, not added or changed */
  claims?: JsonObject
  acr?: string
  amr?: string[]
  /** seconds since the epoch, of a real re-authentication of the same end-user */
  authTime?: number
}

/** A decision. The client gets `description`, and never `note`. */
export interface Decision extends Granted {
  by?: By
  note?: string
  description?: string
  /** end of the approval: no token issued or refreshed under it lives longer */
  until?: Date
}

/** One approval of a deferral that needs several. Its rights are what this person allows; absent members as requested. */
export interface Vote extends Granted {
  by: By
  at: Date
  note?: string
  until?: Date
}

/** The key of the client's first request. Every later request about this deferral has to use the same key. */
export interface Binding {
  /** JWK SHA-256 thumbprint of the DPoP key (RFC 9449, section 6.1) */
  jkt?: string
  /** SHA-256 thumbprint of the client certificate (RFC 8705, section 3.1) */
  x5t?: string
  /** JWK SHA-256 thumbprint of the client instance key (attestation-based client authentication) */
  attestationJkt?: string
}

/** The request, as reviewers see it. */
export interface VisibleRequest {
  /** internal id, 22 base64url characters; may be logged and shown to reviewers */
  id: string
  profile: Profile
  clientId: string
  accountId?: string
  /** grant type of the token request; absent in the openid profile */
  grantType?: string
  scope: string[]
  resource: string[]
  authorizationDetails?: JsonObject[]
  claims?: JsonObject
  context?: JsonObject
  /** who shall look at it: the name of a queue, 1 to 64 of `a-z0-9_.-` */
  queue?: string
  /** one line for a list of deferrals */
  title?: string
  /** how many people have to approve (1) */
  quorum?: number
}

/** One event in the `history` of a deferral, with a few facts that are no secret. */
export interface HistoryEntry {
  at: Date
  event: string
  by?: By
  [fact: string]: unknown
}

/** One deferral as reviewers, events and the integrator's callbacks see it. It never contains a handle or a hash. */
export interface Deferral extends VisibleRequest {
  /** the host's Grant that the tokens will belong to, as `grant.revoked` names it */
  grantId?: string
  status: DeferralStatus
  /** not redeemed and past `expiresAt` */
  expired: boolean
  progress?: Progress
  /** the page where somebody has to act, while the deferral is pending */
  interaction?: Interaction
  /** when the provider saw somebody begin the interaction, while the deferral is pending */
  interactionBegunAt?: Date
  /** the questions to the end-user over CIBA, oldest first; only the last one counts */
  legs?: Leg[]
  /** why the end-user could not be asked the last time */
  reachOutFault?: string
  /** when it should be decided */
  dueAt?: Date
  /** pending, and past `dueAt` */
  overdue: boolean
  /** who works on it, while it is pending and the lease lasts */
  assignee?: Assignee
  /** the approvals so far, or those that the decision was made of; oldest first. Only with a `quorum` above 1 */
  votes?: Vote[]
  decision?: Decision & { at: Date }
  /** of a direct deferral: `unclaimed` before its first poll. No listing has it then, `get` does */
  direct?: Directness
  createdAt: Date
  exchangedAt?: Date
  expiresAt: Date
  decidedAt?: Date
  redeemedAt?: Date
  cancelledAt?: Date
  cancelledBy?: By
  /** `grant.revoked`: the host revoked its Grant; `code.reused`: a code was used a second time */
  cancellationReason?: string
  /** when a sweep noticed the expiry */
  expiredAt?: Date
  /** when its personal data were erased */
  erasedAt?: Date
  /** the notification of the client; absent if none can be sent */
  notification?: Notification
  /** the ping of CIBA for the last question that the client asked; absent if it wants none */
  ping?: Notification
  /** oldest entry first; only where it was asked for */
  history?: HistoryEntry[]
}
