import type { Course, Plan } from '../chaos/history.js'

/** How a deferral ends. `revoke`: its client cancels it. `expire`: nobody decides. */
export type Ending = Plan['decision'] | 'revoke' | 'expire'

/** What one client and its reviewers are going to do, besides what chaos has them do. */
export interface SoakPlan extends Plan {
  ending: Ending
  /** polls only once it was notified */
  isNotified: boolean
  /** seconds that a poll asks to be held */
  wait: number
  /** two polls at once, so that two processes race for the tokens */
  isDouble: boolean
  /** a second reviewer denies at the same time */
  isContested: boolean
  /** approvals that are needed; one person more votes first, and withdraws the vote */
  quorum: number
  /** what reviewers write before they decide */
  remarks: ('comment' | 'progress' | 'assign' | 'interaction')[]
}

/** A change that was acknowledged, as the history has to tell of it. */
export interface Change {
  /** any of these */
  events: string[]
  by?: string
  text?: string
  step?: string
}

/** A decision that was acknowledged. */
export interface AcknowledgedDecision {
  status: 'approved' | 'denied' | 'cancelled'
  by?: string
}

/** What became of it, as client and reviewers saw it. */
export interface SoakCourse extends Course {
  plan: SoakPlan
  changes: Change[]
  decisions: AcknowledgedDecision[]
  /** who voted, and has not withdrawn the vote */
  voters: string[]
  /** access tokens, one for each answer with tokens */
  tokens: string[]
  polls: number
  /** polls whose answer was lost, or that failed at the provider */
  lostPolls: number
  /** what the last poll was refused with, where that was final */
  refusal?: string
  /** when client and reviewers were done */
  over?: number
}
