import type { Behaviour } from './endpoints.js'

/** What one client is going to do, and its reviewer; drawn before anything runs, so that a seed says it all. */
export interface Plan {
  behaviour: Behaviour
  profile: 'openid' | 'oauth'
  decision: 'approve' | 'deny' | 'cancel'
  /** openid: decided before the deferred code is exchanged */
  isEarly: boolean
  /** openid: an exchange without an answer is tried again, which may be code reuse */
  isStubborn: boolean
  /** milliseconds the reviewer takes */
  hesitation: number
  token?: string
  /** a scope that is asked for */
  scope?: string
}

/** What became of it, as client and reviewer saw it; times are milliseconds of this process. */
export interface Course {
  plan: Plan
  id: string
  /** when the answer with the handle had come, or its connection had failed */
  exchangeEnded?: number
  /** what the client is to be notified with, where it got it */
  handle?: string
  /** when the decision had been acknowledged */
  acknowledged?: number
  /** the client cancels it, or it expires: nobody is notified */
  isGivenUp?: boolean
}

/** A notification as it arrived. */
export interface Reception {
  id: string
  attempt: number
  behaviour: Behaviour
  /** which provider process sent it */
  sender: number
  at: number
  /** HTTP status, where one was answered */
  status?: number
  body: string
  authorization?: string | undefined
}

/** What happened to a provider process: from when to when it did nothing. */
export interface Fault {
  from: number
  to: number
}
