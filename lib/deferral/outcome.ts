import type { DeferralRecord } from './deferral_record.js'
import { isAsked } from './leg_state.js'

/** The outcome of a poll. `slow_down` is not one of them: it only replaces a pending answer. */
export type PollOutcome =
  | 'authorization_pending'
  | 'interaction_required'
  | 'interaction_pending'
  | 'access_denied'
  | 'expired_token'
  | 'invalid_grant'
  | 'redeem'
  | 'repeat'

/** Decides the outcome of a poll by the rightful client. The order of these checks stands only here. */
export function pollOutcome(deferral: DeferralRecord, now: Date): PollOutcome {
  if (deferral.status === 'redeemed') return deferral.answer && deferral.answer.until > now ? 'repeat' : 'invalid_grant'
  if (deferral.expiresAt <= now) return 'expired_token'
  switch (deferral.status) {
    case 'denied':
    case 'cancelled':
      return 'access_denied'
    case 'approved':
      if (deferral.decision.until && deferral.decision.until <= now) return 'access_denied'
      return 'redeem'
    case 'pending':
      if (deferral.interactionBegunAt || isAsked(deferral, now)) return 'interaction_pending'
      return deferral.interaction ? 'interaction_required' : 'authorization_pending'
  }
}
