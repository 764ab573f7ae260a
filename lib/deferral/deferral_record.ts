import type {
  Assignee,
  Binding,
  By,
  Decision,
  Directness,
  Interaction,
  JsonObject,
  Progress,
  VisibleRequest,
  Vote,
} from './deferral.js'
import type { LegRecord } from './leg.js'
import type { NotificationRecord } from './notification.js'
import type { TaskRecord } from './task_record.js'

/** The answer of a redemption, stored for the option `retryWindow`. */
export interface StoredAnswer {
  /** compact JWE; its key is derived from the secret of the handle, which is not stored */
  sealed: string
  until: Date
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
