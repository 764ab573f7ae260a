/*
 * What the callbacks `defer` and `reconsider` get and return.
 */
import type { Account, Client } from 'oidc-provider'
import type { Allowance } from '../deferral/allowance.js'
import type { Interaction, JsonObject, Profile } from '../deferral/deferral.js'

/**
 * Why a request cannot wait. `completion_mode`: the client did not offer to wait. `client`: it is not registered to poll. `key`:
 * it is public and has not shown a key. `grant`: the flow cannot wait.
 */
export type Obstacle = 'completion_mode' | 'client' | 'key' | 'grant'

/** The request that `defer` decides about. */
export interface DeferRequest {
  /** internal id that the deferral will have, for pages and queues that refer to it */
  id: string
  /** `openid` at the authorization endpoint, `oauth` at the token endpoint */
  profile: Profile
  client: Client
  account?: Account
  /** grant type of a token request; `implicit` for tokens of the authorization endpoint; absent for `deferred_code` */
  grantType?: string
  scope: Set<string>
  resource: string[]
  authorizationDetails?: JsonObject[]
  /** the request's parameters, frozen, without secrets */
  params: Readonly<Record<string, unknown>>
  /** the evidence from the integrator's interactions */
  context?: JsonObject
  /** whether this request can wait; if not, every result of `defer` except `false` refuses it */
  canWait: boolean
  /** why it cannot wait */
  obstacle?: Obstacle
}

/** How to defer a request. Times are in seconds. `context` is plain JSON for reviewers, at most 16 KiB. */
export interface Deferring {
  expiresIn?: number
  interval?: number
  context?: JsonObject
  /** the queue of reviewers who shall look at it: 1 to 64 of `a-z0-9_.-` */
  queue?: string
  /** what waits, in one line of at most 200 characters, for a list of deferrals */
  title?: string
  /** seconds until it should be decided. Nothing is decided when they are over: the deferral becomes overdue */
  dueIn?: number
  /** how many people have to approve (1), at most 10 */
  quorum?: number
  /** the first state of a task at another service that decides the deferral: JSON for the option `task` */
  task?: JsonObject
  /** oauth profile: somebody has to act first, and the first answer is `interaction_required` */
  interaction?: Interaction
}

/** An answer of `defer`: wait or not, or the answer at once with fewer rights. */
export type DeferAnswer = boolean | Deferring | { allow: Allowance }

/** An answer of `reconsider`. `wait`: seconds, at least, until the client should poll again. */
export type ReconsiderAnswer = boolean | { allow: Allowance } | { wait: number }
