/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Response", and OAuth 2.0 Deferred Token Response, "Successful
 * Response": an approved deferral becomes what the host would have issued without the wait, exactly once.
 */
import { errors } from 'oidc-provider'
import type { Core, Resume } from '../core.js'
import { type Decision, type DeferralRecord, describe, type JsonObject } from '../deferral/deferral.js'
import { beyond } from '../deferral/json.js'
import { beyondDetails, narrow } from '../deferral/narrow.js'
import { pollOutcome } from '../deferral/outcome.js'
import { redeem } from '../deferral/redemption.js'
import { isStillAllowed } from '../host/client.js'
import { type Context, clientOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import type { IssuedToken } from '../host/intercept.js'
import { discardMinted } from '../host/resume.js'
import { isConsentGone } from '../host/standing.js'
import { capAt } from '../host/until.js'
import { cancelDeferral } from './cancellation.js'
import { refusal } from './token_error_response.js'

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
  try {
    await resume(ctx, {
      source: narrow(claimed, decision),
      binding: claimed.binding,
      requestedResource: claimed.requestedResource?.filter((one) => decision.resource?.includes(one) ?? true),
      requestedDetails: claimed.requestedDetails && (decision.authorizationDetails ?? claimed.requestedDetails),
      saveToken(token) {
        assertWithin(token, decision, core)
        if (isConsentGone(token, core.internals, claimed)) throw gone()
        if (decision.until) capAt(token, Math.floor(decision.until.getTime() / 1000))
        minted.push(token)
      },
    })
  } catch (error) {
    // I-130; the OpenID draft leaves it at the host's own error
    throw claimed.profile === 'oauth' && isOutlived(error) ? gone(error.message) : error
  }
}

// I-129, I-130, E-41
async function assertStillGranted(
  ctx: Context,
  core: Core,
  claimed: DeferralRecord,
  { scope = claimed.scope, authorizationDetails = claimed.authorizationDetails }: Decision,
): Promise<void> {
  const { grantType } = claimed
  const client = clientOf(ctx)
  const isAllowed = grantType === undefined || client.grantTypeAllowed(grantType)
  if (!isAllowed || !isStillAllowed(client, core.internals, { scope, authorizationDetails })) throw gone()
  const { reconsider } = core.settings
  if (!reconsider) return
  const stands: unknown = await withPlainFaults((async () => reconsider(ctx, describe(claimed)))())
  if (typeof stands !== 'boolean') throw new TypeError('reconsider must return true or false')
  if (stands) return
  // for good: the client takes access_denied as final
  await cancelDeferral(core, claimed.id, 'reconsider')
  throw new errors.AccessDenied('the deferred request was reconsidered')
}

function gone(detail?: string): Error {
  return new errors.AccessDenied('the authorization no longer holds', detail)
}

// what the request asks for was there when it came: a resource server, scope or type of details is not any more
function isOutlived(error: unknown): error is Error {
  const { InvalidScope, InvalidTarget, InvalidAuthorizationDetails } = errors
  return [InvalidScope, InvalidTarget, InvalidAuthorizationDetails].some((refusal) => error instanceof refusal)
}

// what the integrator's callbacks compute at mint time must not undo what a reviewer narrowed (E-32)
function assertWithin(token: IssuedToken, decision: Decision, { settings }: Core): void {
  const { scope, resource, authorizationDetails } = decision
  const { scope: issued, rar } = token as { scope?: string; rar?: JsonObject[] }
  const widerScope = scope && beyond(issued?.split(' ').filter(Boolean) ?? [], scope)
  const widerDetails = authorizationDetails && beyondDetails(rar ?? [], authorizationDetails, settings.narrow)
  const widerResource = resource && beyond(resourceOf(token), resource)
  const members = { scope: widerScope, resource: widerResource, authorization_details: widerDetails }
  for (const [name, wider] of Object.entries(members)) {
    if (wider?.length) throw new Error(`the ${name} of the token are wider than the decision on this deferral`)
  }
}

function resourceOf(token: IssuedToken): string[] {
  const { resource, resourceServer } = token as {
    resource?: string | string[]
    resourceServer?: { identifier(): string }
  }
  return [resource ?? resourceServer?.identifier() ?? []].flat()
}

// another poll, a cancellation or the clock was faster; what they left decides, and a redemption under way is pending
async function overtaken(ctx: Context, { store, settings }: Core, id: string): Promise<Error> {
  const deferral = await store.find(id, settings.clock())
  if (!deferral) throw new Error('the deferral vanished during its redemption')
  const outcome = pollOutcome(deferral, deferral.readAt)
  return refusal(ctx, deferral, outcome === 'redeem' ? 'authorization_pending' : outcome)
}
