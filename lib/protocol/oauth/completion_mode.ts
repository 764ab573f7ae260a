/*
 * OAuth 2.0 Deferred Token Response, "Completion Mode": with completion_mode the client lists the modes that it supports. If
 * the list has no deferred mode, the client gets its answer at once. Before the token request the parameter is only a hint.
 */
import { errors } from 'oidc-provider'
import { bodyOf, type Context, clientOf, sentValues } from '../../host/context.js'
import { assertNotificationToken } from '../notification_setup.js'
import { grantType } from './names.js'

// the second mode is a proposal for clients that can show a page (C-I24)
const deferredModes = new Set(['deferred', 'deferred_interactive'])

/**
 * Whether the answer may wait, by this `completion_mode`. It is a set: order, repeats and unknown values have no effect (I-018,
 * I-020). It has no effect either if the client is not registered to poll (C-I21).
 */
export function canWait(ctx: Context, completionMode: unknown): boolean {
  // nearly every request leaves it out
  if (completionMode === undefined) return false
  const lists = [completionMode].flat().filter((value) => typeof value === 'string')
  return lists.some((list) => list.split(' ').some((mode) => deferredModes.has(mode))) && mayPoll(ctx)
}

/** Whether the client of this request is registered to poll. */
export function mayPoll(ctx: Context): boolean {
  return clientOf(ctx).grantTypeAllowed(grantType)
}

/** Whether this token request may be deferred (I-017). */
export function isOptedIn(ctx: Context): boolean {
  return canWait(ctx, bodyOf(ctx)?.completion_mode)
}

/** The token for the client's notification. Throws `invalid_request` if it cannot be sent as a bearer token. */
export function notificationToken(ctx: Context): string | undefined {
  const sent = sentValues(ctx, 'client_notification_token')
  const token: unknown = sent.length > 1 ? sent : sent[0]
  assertNotificationToken('client_notification_token', token)
  return token
}

/** Throws `invalid_request` for a token request that breaks a rule of this draft (I-030, I-034). */
export function assertRequest(ctx: Context, isHinted = false): void {
  if (isOptedIn(ctx)) notificationToken(ctx)
  else if (isHinted && mayPoll(ctx)) {
    throw new errors.InvalidRequest('completion_mode must list deferred again, as it did in the request before')
  }
}
