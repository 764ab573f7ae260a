/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Error Response": what a poll hears while there is nothing to give.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../deferral/deferral.js'
import type { PollOutcome } from '../deferral/outcome.js'
import { progressText, sanitise } from '../deferral/text.js'
import type { Context } from '../host/context.js'

/** The answer to a poll that comes too early (O-072). */
export function slowDown(ctx: Context, interval: number): Error {
  retryAfter(ctx, interval + 5)
  return withoutStack(() => new errors.SlowDown())
}

/** The answer to a poll that cannot be redeemed. */
export function refusal(ctx: Context, deferral: DeferralRecord, outcome: Exclude<PollOutcome, 'redeem'>): Error {
  switch (outcome) {
    case 'authorization_pending':
      retryAfter(ctx, deferral.interval)
      return withoutStack(() => new errors.AuthorizationPending(pendingText(deferral)))
    case 'access_denied':
      return new errors.AccessDenied(denialText(deferral))
    case 'expired_token':
      return new errors.ExpiredToken('the deferred authentication has expired')
    case 'invalid_grant':
      return alreadyRedeemed()
  }
}

function retryAfter(ctx: Context, seconds: number): void {
  ctx.set('Retry-After', String(seconds))
  // clients in a browser could not read it
  if (ctx.get('Origin')) ctx.append('Access-Control-Expose-Headers', 'Retry-After')
}

// having to wait is no fault, and the host's errors capture their stack twice: a good part of what such a poll costs
function withoutStack(create: () => Error): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return create()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

// the host's own text speaks of an end-user who has yet to act; here they are done
function pendingText({ progress }: DeferralRecord): string {
  return progress ? progressText(progress) : 'the deferred authentication has not been decided yet'
}

function denialText(deferral: DeferralRecord): string {
  if (deferral.status === 'cancelled') return 'the deferred authentication was cancelled'
  const description = deferral.status === 'denied' ? sanitise(deferral.decision.description ?? '') : ''
  return description || 'the deferred authentication was denied'
}

// only the rightful client learns the difference from an unknown handle
function alreadyRedeemed(): Error {
  const error = new errors.InvalidGrant('already redeemed')
  error.error_description = 'deferred_auth_id was already redeemed'
  return error
}
