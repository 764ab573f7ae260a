import type { DeferralRecord } from './deferral.js'

/** What a poll is answered with; `slow_down` is not among them, it only ever replaces a pending answer. */
export type PollOutcome =
  | 'authorization_pending'
  | 'interaction_required'
  | 'access_denied'
  | 'expired_token'
  | 'invalid_grant'
  | 'redeem'

/**
 * The one ladder that decides how a poll by the rightful client is answered.
 * While another poll holds the claim the deferral still reads as pending: that poll may yet fail.
 */
export function pollOutcome(deferral: DeferralRecord, now: Date): PollOutcome {
  if (deferral.status === 'redeemed') return 'invalid_grant'
  if (deferral.expiresAt <= now) return 'expired_token'
  switch (deferral.status) {
    case 'denied':
    case 'cancelled':
      return 'access_denied'
    case 'approved':
      if (deferral.decision.until && deferral.decision.until <= now) return 'access_denied'
      return deferral.claim && deferral.claim.until > now ? 'authorization_pending' : 'redeem'
    case 'pending':
      return deferral.interaction ? 'interaction_required' : 'authorization_pending'
  }
}
