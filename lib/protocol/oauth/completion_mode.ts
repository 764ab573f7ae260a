/*
 * OAuth 2.0 Deferred Token Response, "Completion Mode": the client lists the modes it can deal with. A client that lists no
 * known mode is answered at once. On a request before the token request the list is a hint.
 */
import { errors } from 'oidc-provider'
import { bodyOf, type Context, clientOf, sentValues } from '../../host/context.js'
import { assertNotificationToken } from '../notification_setup.js'
import { grantType } from './names.js'

// the second one is proposed for clients that can show a page (C-I24)
const waiting = new Set(['deferred', 'deferred_interactive'])

/**
 * Whether a `completion_mode` of this client lets the answer wait. It is a set: order, repeats and unknown values mean nothing
 * (I-018, I-020). From a client that is not registered to poll it means nothing either (C-I21).
 */
export function canWait(ctx: Context, completionMode: unknown): boolean {
  // nearly every request says nothing
  if (completionMode === undefined) return false
  const lists = [completionMode].flat().filter((value) => typeof value === 'string')
  return lists.some((list) => list.split(' ').some((mode) => waiting.has(mode))) && mayPoll(ctx)
}

/** Whether the client of this request is registered to poll. */
export function mayPoll(ctx: Context): boolean {
  return clientOf(ctx).grantTypeAllowed(grantType)
}

/** Whether this token request may be deferred (I-017). */
export function isOptedIn(ctx: Context): boolean {
  return canWait(ctx, bodyOf(ctx)?.completion_mode)
}

/** What the client wants to be notified with; `invalid_request` where that could not be sent. */
export function notificationToken(ctx: Context): string | undefined {
  const sent = sentValues(ctx, 'client_notification_token')
  const token: unknown = sent.length > 1 ? sent : sent[0]
  assertNotificationToken('client_notification_token', token)
  return token
}

/** Refuses what only this draft can find wrong with a token request that is valid otherwise (I-030, I-034). */
export function assertRequest(ctx: Context, isHinted = false): void {
  if (isOptedIn(ctx)) notificationToken(ctx)
  else if (isHinted && mayPoll(ctx)) {
    throw new errors.InvalidRequest('completion_mode must list deferred again, as it did in the request before')
  }
}
