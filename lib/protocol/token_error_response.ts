/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Request Error Response", and OAuth 2.0 Deferred Token Response,
 * "Token Endpoint Errors": the answer to a poll that gets no tokens, pending answers included.
 */
import { errors } from 'oidc-provider'
import type { Progress } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { type PollOutcome, pollOutcome } from '../deferral/outcome.js'
import { pollHandles } from '../deferral/profile.js'
import type { Stored } from '../deferral/store.js'
import type { Context } from '../host/context.js'
import { amendError, retryAfter } from '../host/request/answer.js'
import type { Settings } from '../options/options.js'

/** The answer to a poll that comes too early (O-072, I-073). */
export function slowDown(ctx: Context, interval: number): Error {
  retryAfter(ctx, interval + 5)
  return withoutStack(() => new errors.SlowDown())
}

/** The outcome of a poll, by the options: without `interactionPending` a client does not learn that an interaction has begun. */
export function outcomeFor(deferral: Stored, { profiles: { oauth } }: Settings): PollOutcome {
  const outcome = pollOutcome(deferral, deferral.readAt)
  // only that draft has this answer
  const isShown = deferral.profile === 'oauth' && oauth && oauth.interactionPending
  if (outcome !== 'interaction_pending' || isShown) return outcome
  return deferral.interaction ? 'interaction_required' : 'authorization_pending'
}

/** The pending answer to a poll that should not be repeated for so many seconds. */
export function pendingFor(ctx: Context, deferral: DeferralRecord, seconds: number): Error {
  const answer = refusal(ctx, deferral, 'authorization_pending')
  ctx.set('Retry-After', String(Math.max(seconds, deferral.interval)))
  return answer
}

const pendingOutcomes = ['authorization_pending', 'interaction_required', 'interaction_pending'] as const

/** The outcomes of a poll after which the client polls again. */
export type PendingOutcome = (typeof pendingOutcomes)[number]

/** Whether the client polls again after this outcome. */
export function isPendingOutcome(outcome: PollOutcome): outcome is PendingOutcome {
  return (pendingOutcomes as readonly string[]).includes(outcome)
}

/** The members of a deferral that a pending answer shows. */
export type Shown = Pick<DeferralRecord, 'profile' | 'interval' | 'progress' | 'interaction'>

/** The answer to a poll that gets no tokens. `members` are added to the error response. */
export function refusal(
  ctx: Context,
  deferral: DeferralRecord,
  outcome: Exclude<PollOutcome, 'redeem' | 'repeat'>,
  members: Record<string, unknown> = {},
): Error {
  switch (outcome) {
    case 'access_denied':
      return denial(ctx, deferral)
    case 'expired_token':
      return new errors.ExpiredToken(`the ${subject(deferral)} has expired`)
    case 'invalid_grant':
      return alreadyRedeemed(pollHandles[deferral.profile])
    default:
      return pendingAnswer(ctx, deferral, outcome, members)
  }
}

/** The answer to a poll of a pending deferral. */
export function pendingAnswer(
  ctx: Context,
  deferral: Shown,
  outcome: PendingOutcome,
  members: Record<string, unknown> = {},
): Error {
  switch (outcome) {
    case 'authorization_pending':
      return pending(ctx, deferral, members)
    case 'interaction_required':
      // I-047
      return pending(ctx, deferral, { ...members, interaction_uri: deferral.interaction?.uri })
    case 'interaction_pending':
      return interactionPending(ctx, deferral, members)
  }
}

function pending(ctx: Context, deferral: Shown, additions: Record<string, unknown>): Error {
  retryAfter(ctx, deferral.interval)
  const members = { ...additions, ...progressOf(deferral) }
  if (Object.keys(members).length) amendError(ctx, members)
  const Pending = 'interaction_uri' in members ? errors.InteractionRequired : errors.AuthorizationPending
  return withoutStack(() => new Pending(pendingText(deferral)))
}

// pull request 68 of the oauth profile's draft; the host has no such error
function interactionPending(ctx: Context, deferral: Shown, additions: Record<string, unknown>): Error {
  const { interaction } = deferral
  retryAfter(ctx, deferral.interval)
  amendError(ctx, { ...additions, ...(interaction && { interaction_uri: interaction.uri }), ...progressOf(deferral) })
  const text = deferral.progress?.errorDescription ?? `the ${subject(deferral)} waits for an interaction that has begun`
  return withoutStack(() => new errors.CustomOIDCProviderError('interaction_pending', text))
}

// a pending answer needs no stack, and the host's errors capture it twice, which would slow each poll down
function withoutStack(create: () => Error): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return create()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

// text for people, in any script; error_description must be ASCII
function progressOf({ progress }: Shown): { progress?: Progress } {
  if (!progress) return {}
  const { errorDescription, ...members } = progress
  return { progress: members }
}

// the host's own text says that the end-user has not acted yet, which is wrong here
function pendingText(deferral: Shown): string {
  if (deferral.progress?.errorDescription) return deferral.progress.errorDescription
  return deferral.interaction
    ? `the ${subject(deferral)} waits for an interaction`
    : `the ${subject(deferral)} has not been decided yet`
}

function denial(ctx: Context, deferral: DeferralRecord): Error {
  const { description, errorDescription } = deferral.status === 'denied' ? deferral.decision : {}
  if (description !== undefined) amendError(ctx, { reason: description })
  return new errors.AccessDenied(errorDescription || denialText(deferral))
}

function denialText(deferral: DeferralRecord): string {
  if (deferral.status === 'cancelled') return `the ${subject(deferral)} was cancelled`
  if (deferral.status === 'approved') return `the approval of the ${subject(deferral)} has ended`
  return `the ${subject(deferral)} was denied`
}

function subject({ profile }: Shown): string {
  return profile === 'openid' ? 'deferred authentication' : 'deferred request'
}

/** The refusal of a handle whose tokens were issued. Other clients get the same answer as for an unknown handle (I-077). */
export function alreadyRedeemed(handle: string): Error {
  const error = new errors.InvalidGrant('already redeemed')
  error.error_description = `${handle} was already redeemed`
  return error
}
