/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Response", and OAuth 2.0 Deferred Token Response, "Successful
 * Response": an approved deferral becomes what the host would have issued without the wait, exactly once.
 */

import type { Decision, DeferralRecord, JsonObject } from '../deferral/deferral.js'
import { detailsLeft, narrow } from '../deferral/narrow.js'
import { pollOutcome } from '../deferral/outcome.js'
import { type Approved, redeem } from '../deferral/redemption.js'
import { type Context, hasHungUp, setDeferral } from '../host/context.js'
import { discardMinted } from '../host/grants/mint.js'
import { bind } from '../host/grants/sender_key.js'
import { keepAnswer } from '../host/overrides/listeners.js'
import type { IssuedToken } from '../host/overrides/storage.js'
import { capAt } from '../host/overrides/token_expiry.js'
import type { Core, Mint } from '../plugin.js'
import {
  assertConsent,
  assertNotRevoked,
  assertStillGranted,
  isOutlived,
  noLongerGranted,
} from './checks_before_minting.js'
import { repeatAnswer, sealAnswer } from './retry_window.js'
import { refusal } from './token_error_response.js'
import { assertWithin } from './within_decision.js'

// minting that takes longer is followed by a second check: something may have been revoked since the first one
const quickSeconds = 1

/** Redeems; the answer is on `ctx` only when this poll's write was the one that redeemed. */
export async function redeemApproved(ctx: Context, core: Core, approved: Approved, handle: string): Promise<void> {
  const { minting } = core
  const { id } = approved
  // between nodes the write decides; on one node nothing has to be minted twice, unless nobody waits for it any more
  const other = minting.get(id)
  if (other && !hasHungUp(other)) throw refusal(ctx, approved, 'authorization_pending')
  minting.set(id, ctx)
  try {
    await redeemOnce(ctx, core, approved, handle)
  } finally {
    if (minting.get(id) === ctx) minting.delete(id)
  }
}

async function redeemOnce(ctx: Context, core: Core, approved: Approved, handle: string): Promise<void> {
  const { id, grantType = 'authorization_code' } = approved
  const mint = core.minterOf(grantType)
  if (!mint) throw new Error(`grant ${grantType} can be deferred elsewhere, but is not registered on this node`)
  const minted: IssuedToken[] = []
  const redeemed = await redeem(core.records, approved, {
    async mint() {
      const begun = performance.now()
      await mintFrom(ctx, core, { approved, mint, minted })
      if (performance.now() - begun > quickSeconds * 1000) await assertNotRevoked(ctx, core, approved)
      // the client would not get the answer: the approval stays for its next poll
      if (hasHungUp(ctx)) throw refusal(ctx, approved, 'authorization_pending')
      return answerToKeep(ctx, core, approved, handle)
    },
    discard: () => discardMinted(ctx, minted),
  })
  if (!redeemed) return overtaken(ctx, core, id, handle)
  setDeferral(ctx, redeemed)
  keepAnswer(ctx)
}

async function answerToKeep(ctx: Context, { settings }: Core, approved: Approved, handle: string) {
  const { retryWindow: seconds } = settings
  return seconds > 0 ? { sealed: await sealAnswer(handle, approved, ctx.body), seconds } : undefined
}

interface Minting {
  approved: Approved
  mint: Mint
  minted: IssuedToken[]
}

async function mintFrom(ctx: Context, core: Core, { approved, mint, minted }: Minting): Promise<void> {
  const { decision } = approved
  setDeferral(ctx, approved)
  await assertStillGranted(ctx, core, approved, decision)
  const details = requestedDetails(approved, decision, core)
  // to hosts before 9.12 an empty parameter is none, and none means all that the code has
  const granted = details?.length === 0 ? { ...decision, authorizationDetails: [] } : decision
  try {
    await mint(ctx, {
      source: narrow(approved, granted),
      binding: approved.binding,
      requestedResource: requestedResource(approved, decision),
      requestedDetails: details,
      saveToken(token) {
        assertWithin(token, { ...snapshot(approved), ...decision }, core.settings.narrow)
        assertConsent(token, core, approved, decision)
        bind(ctx, token, approved.binding ?? {})
        assertLasting(ctx, core, token, approved)
        minted.push(token)
      },
    })
  } catch (error) {
    // I-130; the OpenID draft leaves it at the host's own error
    throw approved.profile === 'oauth' && isOutlived(error) ? noLongerGranted(error.message) : error
  }
}

// an approval may end while tokens are made
function assertLasting(ctx: Context, { records }: Core, token: IssuedToken, approved: Approved): void {
  const { until } = approved.decision
  if (!until || capAt(token, Math.floor(until.getTime() / 1000), records.now())) return
  throw refusal(ctx, approved, 'access_denied')
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

// another poll, a cancellation or the expiry was faster: the state it left decides
async function overtaken(ctx: Context, core: Core, id: string, handle: string): Promise<void> {
  const deferral = await core.records.find(id)
  if (!deferral) throw new Error('the deferral vanished during its redemption')
  const outcome = pollOutcome(deferral, deferral.readAt)
  if (outcome === 'repeat') return repeatAnswer(ctx, core, deferral, handle)
  throw refusal(ctx, deferral, outcome === 'redeem' ? 'authorization_pending' : outcome)
}
