/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Response", and OAuth 2.0 Deferred Token Response, "Successful
 * Response": an approved deferral becomes what the host would have issued without the wait, exactly once.
 */
import type { Core, Resume } from '../core.js'
import { type Decision, type DeferralRecord, describe, type JsonObject } from '../deferral/deferral.js'
import { detailsLeft, narrow } from '../deferral/narrow.js'
import { pollOutcome } from '../deferral/outcome.js'
import { redeem } from '../deferral/redemption.js'
import type { Context } from '../host/context.js'
import type { IssuedToken } from '../host/intercept.js'
import { bind } from '../host/key_shown.js'
import { discardMinted } from '../host/resume.js'
import { capAt } from '../host/until.js'
import { assertConsent, assertStillGranted, isOutlived, noLongerGranted } from './recheck.js'
import { refusal } from './token_error_response.js'
import { assertWithin } from './within_decision.js'

/** Redeems; the answer is on `ctx` only when this poll was the one that finalised. */
export async function redeemApproved(ctx: Context, core: Core, approved: DeferralRecord): Promise<void> {
  const { store, settings, announce } = core
  const { id, grantType = 'authorization_code' } = approved
  const resume = core.resumptionOf(grantType)
  if (!resume) throw new Error(`grant ${grantType} can be deferred elsewhere, but is not registered on this node`)
  const minted: IssuedToken[] = []
  const mint = (claimed: DeferralRecord) => mintFrom(ctx, core, { claimed, resume, minted })
  const redeemed = await redeem(store, id, { mint, discard: () => discardMinted(ctx, minted) }, settings.clock)
  if (!redeemed) throw await overtaken(ctx, core, id)
  const deferral = describe(redeemed)
  ctx.oidc.entity('Deferral', deferral)
  announce('redeemed', deferral)
}

interface Minting {
  claimed: DeferralRecord
  resume: Resume
  minted: IssuedToken[]
}

async function mintFrom(ctx: Context, core: Core, { claimed, resume, minted }: Minting): Promise<void> {
  const decision = claimed.status === 'approved' ? claimed.decision : {}
  ctx.oidc.entity('Deferral', describe(claimed))
  await assertStillGranted(ctx, core, claimed, decision)
  const details = requestedDetails(claimed, decision, core)
  // to hosts before 9.12 an empty parameter is none, and none means all that the code has
  const granted = details?.length === 0 ? { ...decision, authorizationDetails: [] } : decision
  try {
    await resume(ctx, {
      source: narrow(claimed, granted),
      binding: claimed.binding,
      requestedResource: requestedResource(claimed, decision),
      requestedDetails: details,
      saveToken(token) {
        assertWithin(token, { ...snapshot(claimed), ...decision }, core.settings.narrow)
        assertConsent(token, core, claimed, decision)
        bind(ctx, token, claimed.binding ?? {})
        if (decision.until) capAt(token, Math.floor(decision.until.getTime() / 1000))
        minted.push(token)
      },
    })
  } catch (error) {
    // I-130; the OpenID draft leaves it at the host's own error
    throw claimed.profile === 'oauth' && isOutlived(error) ? noLongerGranted(error.message) : error
  }
}

// without any resource the host asks for a default once more, which may have changed
function snapshot({ grantType, resource }: DeferralRecord): Pick<Decision, 'resource'> {
  return grantType === 'client_credentials' ? { resource } : {}
}

function requestedResource({ requestedResource: requested }: DeferralRecord, { resource: granted }: Decision) {
  const left = granted && new Set(granted)
  return left ? requested?.filter((one) => left.has(one)) : requested
}

function requestedDetails(
  { requestedDetails: requested }: DeferralRecord,
  { authorizationDetails: granted }: Decision,
  { settings }: Core,
): JsonObject[] | undefined {
  return requested && granted ? detailsLeft(requested, granted, settings.narrow) : requested
}

// another poll, a cancellation or the clock was faster; what they left decides, and a redemption under way is pending
async function overtaken(ctx: Context, { store, settings }: Core, id: string): Promise<Error> {
  const deferral = await store.find(id, settings.clock())
  if (!deferral) throw new Error('the deferral vanished during its redemption')
  const outcome = pollOutcome(deferral, deferral.readAt)
  return refusal(ctx, deferral, outcome === 'redeem' ? 'authorization_pending' : outcome)
}
