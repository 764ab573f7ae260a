/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Request", and OAuth 2.0 Deferred Token Response, "Polling": the client
 * asks with its handle until there are tokens or a refusal.
 */
import { errors } from 'oidc-provider'
import type { HandleKind } from '../deferral/handle.js'
import { pollOutcome } from '../deferral/outcome.js'
import type { Approved } from '../deferral/redemption.js'
import type { Stored } from '../deferral/store.js'
import { type Context, setDeferral } from '../host/context.js'
import { afterProof } from '../host/grants/dry_run.js'
import type { Core } from '../plugin.js'
import { assertPoll, dropRepeated, isRepeating } from './poll_parameters.js'
import { repeatAnswer } from './retry_window.js'
import { fromStore, rightfulDeferral } from './rightful_client.js'
import { refusal, slowDown } from './token_error_response.js'
import { redeemApproved } from './token_response.js'

/** Answers a poll; `kind` is the parameter that carries the handle. */
export async function poll(ctx: Context, core: Core, kind: HandleKind, handle: string): Promise<void> {
  assertPoll(ctx, kind)
  const deferral = await afterProof(ctx, core.handler, () => paced(ctx, core, kind, handle))
  if (!deferral) throw new errors.InvalidGrant(`${kind} not found`)
  const outcome = pollOutcome(deferral, deferral.readAt)
  if (outcome === 'redeem') return redeemApproved(ctx, core, deferral as Approved, handle)
  if (outcome === 'repeat') return repeatAnswer(ctx, core, deferral, handle)
  setDeferral(ctx, deferral)
  throw refusal(ctx, deferral, outcome)
}

/** The rightful client's deferral; a poll that comes too early ends here, mostly without a read. */
async function paced(ctx: Context, core: Core, kind: HandleKind, handle: string): Promise<Stored | undefined> {
  const { pacing, records } = core
  const now = records.now().getTime()
  const seen = await rightfulDeferral(ctx, core, kind, handle, async (id, isRightful) => {
    const refusable = isRepeating(ctx) ? undefined : pacing.refusable(id, now)
    // to other clients a saved read would show, by the time of the answer, that the deferral exists
    return refusable && isRightful(refusable) ? { ...refusable, refusable: true as const } : fromStore(core)(id)
  })
  if (!seen) return undefined
  if ('refusable' in seen) throw slowDown(ctx, seen.interval)
  dropRepeated(ctx, kind, seen)
  const waiting = seen.status === 'pending' && seen.expiresAt > seen.readAt
  if (!waiting) pacing.forget(seen.id)
  else if (!pacing.admit(seen, now)) throw slowDown(ctx, seen.interval)
  return seen
}
