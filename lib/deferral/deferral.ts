import type { Leg, LegRecord } from './leg.js'
import type { Notification, NotificationRecord } from './notification.js'
import type { TaskRecord } from './task_record.js'

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

/** The answer of a redemption, stored for the option `retryWindow`. */
export interface StoredAnswer {
  /** compact JWE; its key is derived from the secret of the handle, which is not stored */
  sealed: string
  until: Date
}

/** The request, as reviewers see it. */
interface VisibleRequest {
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

/** One deferred request: the members that do not depend on its status. */
export interface DeferredRequest extends VisibleRequest {
  /** the host's Grant that the tokens will belong to */
  grantId?: string
  /** seconds between polls */
  interval: number
  /** seconds to expiry, from the exchange or from the deferred token request */
  lifetime: number
  /** SHA-256 of a label and the secret in the deferred code */
  codeHash?: string
  /** the `scope` parameter of the first request, if the host accepted only a part of it */
  requestedScope?: string[]
  /** payload of the authorization code that the host would have stored; for other grants the parameters it has validated */
  source: JsonObject
}

interface Facts extends DeferredRequest {
  /** issuer of the provider that created it; several providers may share a store */
  issuer: string
  createdAt: Date
  expiresAt: Date
  /** when a sweep noticed the expiry of a pending or approved deferral; polls do not wait for that */
  expiredAt?: Date
  /** when it should be decided */
  dueAt?: Date
  /** when a sweep noticed that it was still pending at `dueAt` */
  overdueAt?: Date
  /** seconds from expiry or end, whichever is later, for which the record is kept */
  retention: number
  /** when its personal data were erased */
  erasedAt?: Date
  /** of a direct deferral: `unclaimed` before its first poll. No listing has it then, and no event tells of it */
  direct?: Directness
  /** the next time at which a sweep has to look at it; absent: never */
  wakeAt?: Date
  exchangedAt?: Date
  /** SHA-256 of a label and the secret in the poll handle */
  handleHash?: string
  binding?: Binding
  /** the `resource` parameter of the exchange or the token request, needed again when tokens are minted */
  requestedResource?: string[]
  /** the `authorization_details` of the token request, if it asked for less than the authorization request */
  requestedDetails?: JsonObject[]
  progress?: Progress & ErrorDescription
  interaction?: Interaction
  /** when the provider saw the interaction begin; absent before and after it */
  interactionBegunAt?: Date
  /** the questions to the end-user over CIBA, oldest first */
  legs?: LegRecord[]
  /** when the provider has to ask the end-user, or to look whether that was done */
  reachOutAt?: Date
  reachOutAttempts?: number
  /** when an operator last wanted the provider to ask */
  reachOutRequestedAt?: Date
  reachOutFault?: string
  assignee?: Assignee
  votes?: Vote[]
  cancelledBy?: By
  cancellationReason?: string
  notification?: NotificationRecord
  /** of the last leg, if its client wants to be pinged */
  ping?: NotificationRecord
  /** work at another service that decides it; kept until the redemption may need it no more */
  task?: TaskRecord
  /** when the task needs its next step, or when the lease of its worker ends; absent: finished */
  taskDue?: Date
  answer?: StoredAnswer
  /** W3C `traceparent` of its creation or, later, its decision; only if that was traced */
  traceparent?: string
  /** time of this read or write, by the clock of the store or the test clock */
  readAt: Date
}

/** The decision and its time. */
interface DecisionFacts {
  decision: Decision & ErrorDescription
  decidedAt: Date
}

/** The text for the client, in the characters that `error_description` allows. It is computed once and stored. */
export interface ErrorDescription {
  errorDescription?: string
}

/** One deferral, as it is stored. */
export type DeferralRecord = Facts &
  (
    | { status: 'pending' }
    | ({ status: 'approved' | 'denied' } & DecisionFacts)
    | ({ status: 'cancelled'; cancelledAt: Date } & Partial<DecisionFacts>)
    | ({ status: 'redeemed'; redeemedAt: Date } & DecisionFacts)
  )

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
