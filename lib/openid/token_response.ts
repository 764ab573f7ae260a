/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Response": an approved deferral becomes what the host would have
 * issued without the wait, exactly once.
 */
import type { Core } from '../core.js'
import { type DeferralRecord, describe, type JsonObject } from '../deferral/deferral.js'
import { beyond } from '../deferral/json.js'
import { narrow } from '../deferral/narrow.js'
import { pollOutcome } from '../deferral/outcome.js'
import { redeem } from '../deferral/redemption.js'
import type { Context } from '../host/context.js'
import { discardMinted, resume } from '../host/resume.js'
import { refusal } from './token_error_response.js'

/** Redeems; the answer is on `ctx` only when this poll was the one that finalised. */
export async function redeemApproved(ctx: Context, core: Core, id: string): Promise<void> {
  const { store, settings, announce } = core
  const mint = (claimed: DeferralRecord) => mintFrom(ctx, core, claimed)
  const redeemed = await redeem(store, id, { mint, discard: () => discardMinted(ctx) }, settings.clock)
  if (!redeemed) throw await overtaken(ctx, core, id)
  const deferral = describe(redeemed)
  ctx.oidc.entity('Deferral', deferral)
  announce('redeemed', deferral)
}

async function mintFrom(ctx: Context, core: Core, claimed: DeferralRecord): Promise<void> {
  const decision = claimed.status === 'approved' ? claimed.decision : {}
  ctx.oidc.entity('Deferral', describe(claimed))
  await resume(ctx, core, {
    source: narrow(claimed, decision),
    binding: claimed.binding,
    requestedResource: claimed.requestedResource?.filter((one) => decision.resource?.includes(one) ?? true),
    inspect: ({ rar }) => assertDetails(rar, decision.authorizationDetails),
  })
}

// what the integrator's callback computes at mint time must not undo what a reviewer narrowed (E-32)
function assertDetails(details: unknown, granted: JsonObject[] | undefined): void {
  if (!granted || !Array.isArray(details)) return
  if (beyond(details, granted).length === 0) return
  throw new Error('the authorization_details of the token are wider than the decision on this deferral')
}

// another poll, a cancellation or the clock was faster; what they left decides, and a redemption under way is pending
async function overtaken(ctx: Context, { store, settings }: Core, id: string): Promise<Error> {
  const deferral = await store.find(id, settings.clock())
  if (!deferral) throw new Error('the deferral vanished during its redemption')
  const outcome = pollOutcome(deferral, deferral.readAt)
  return refusal(ctx, deferral, outcome === 'redeem' ? 'authorization_pending' : outcome)
}
