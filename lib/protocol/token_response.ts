/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Successful Token Response", and OAuth 2.0 Deferred Token Response,
 * "Successful Response": the client gets the tokens of an approved deferral, exactly once. They are the same tokens that the host
 * issues without a wait.
 */

import type { Decision, JsonObject } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { detailsLeft } from '../deferral/narrow.js'
import { type Approved, redeem } from '../deferral/redemption.js'
import { factsOf } from '../diagnostics/changes.js'
import { traced } from '../diagnostics/channels.js'
import { type Context, setDeferral } from '../host/context.js'
import { discardMinted } from '../host/grants/mint.js'
import { narrow } from '../host/grants/narrowed_source.js'
import { bind } from '../host/grants/sender_key.js'
import { capAt } from '../host/grants/token_end.js'
import { noLongerGranted } from '../host/grants/valid_grant.js'
import { hasHungUp } from '../host/hung_up.js'
import { keepAnswer } from '../host/request/answer.js'
import type { IssuedToken } from '../host/request/intercepts.js'
import type { Plugin } from '../plugin.js'
import {
  assertConsent,
  assertNotWider,
  assertStillValid,
  decisionStillGranted,
  isNoLongerAccepted,
} from './checks_before_minting.js'
import { cibaHandle } from './ciba/names.js'
import { type Minter, minterOf } from './minters.js'
import { repeatAnswer, sealAnswer } from './retry_window.js'
import { alreadyRedeemed, outcomeFor, refusal } from './token_error_response.js'

// if minting takes longer, client, account and Grant are checked again: one may have been revoked meanwhile
const quickSeconds = 1

/**
 * Redeems an approved deferral. `handle` is the deferral's own handle, if the client polls with it: only then the answer can be
 * repeated. Of several simultaneous polls only one gets the tokens: the one whose write is first.
 */
export async function redeemApproved(
  ctx: Context,
  plugin: Plugin,
  approved: Approved,
  handle: string | undefined,
): Promise<void> {
  const { minting } = plugin
  const { id } = approved
  // on this node a second poll does not mint while the first does, unless the client of the first has hung up
  const other = minting.get(id)
  if (other && !hasHungUp(other)) throw refusal(ctx, approved, 'authorization_pending')
  minting.set(id, ctx)
  try {
    const message = { issuer: plugin.records.issuer, ...factsOf(approved) }
    await traced(
      'redeem',
      message,
      () => redeemOnce(ctx, plugin, approved, handle),
      () => ({}),
    )
  } finally {
    if (minting.get(id) === ctx) minting.delete(id)
  }
}

async function redeemOnce(ctx: Context, plugin: Plugin, approved: Approved, handle: string | undefined): Promise<void> {
  const { id, grantType = 'authorization_code' } = approved
  const mint = minterOf(plugin.host, grantType)
  if (!mint) throw new Error(`grant ${grantType} can be deferred elsewhere, but is not registered on this node`)
  const tokens: IssuedToken[] = []
  const after = await redeem(plugin.records, approved, {
    async mint() {
      const startedAt = performance.now()
      await mintFrom(ctx, plugin, { approved, mint, tokens })
      if (performance.now() - startedAt > quickSeconds * 1000) await assertStillValid(ctx, plugin, approved)
      // the client cannot get this answer: keep the approval for its next poll
      if (hasHungUp(ctx)) throw refusal(ctx, approved, 'authorization_pending')
      return sealedAnswer(ctx, plugin, approved, handle)
    },
    discard: () => discardMinted(ctx, tokens),
  })
  if (!after) return answerFromState(ctx, plugin, id, handle)
  setDeferral(ctx, after)
  keepAnswer(ctx)
}

async function sealedAnswer(ctx: Context, { settings }: Plugin, approved: Approved, handle: string | undefined) {
  const { retryWindow: seconds } = settings
  return seconds > 0 && handle !== undefined
    ? { sealed: await sealAnswer(handle, approved, ctx.body), seconds }
    : undefined
}

interface MintState {
  approved: Approved
  mint: Minter
  tokens: IssuedToken[]
}

async function mintFrom(ctx: Context, plugin: Plugin, { approved, mint, tokens }: MintState): Promise<void> {
  setDeferral(ctx, approved)
  const decision = await decisionStillGranted(ctx, plugin, approved)
  const details = requestedDetails(approved, decision, plugin)
  // hosts before 9.12 ignore an empty list, and then grant everything in the code
  const granted = details?.length === 0 ? { ...decision, authorizationDetails: [] } : decision
  try {
    await mint(ctx, {
      source: narrow(approved, granted),
      binding: approved.binding,
      requestedResource: requestedResource(approved, decision),
      requestedDetails: details,
      saveToken(token) {
        assertNotWider(token, { ...defaultsOf(approved), ...decision }, plugin.settings.narrow)
        assertConsent(token, plugin, approved, decision)
        bind(ctx, token, approved.binding ?? {})
        capAtEnd(ctx, plugin, token, { ...approved, decision })
        tokens.push(token)
      },
    })
  } catch (error) {
    // I-130. The OpenID draft says nothing here, so the host's own error stays
    throw approved.profile === 'oauth' && isNoLongerAccepted(error) ? noLongerGranted(error.message) : error
  }
}

// no token lives longer than the approval, which may even end while tokens are minted
function capAtEnd(ctx: Context, { records }: Plugin, token: IssuedToken, approved: Approved): void {
  const { until } = approved.decision
  if (!until || capAt(token, Math.floor(until.getTime() / 1000), records.now())) return
  throw refusal(ctx, approved, 'access_denied')
}

// a request without a resource gets the default resource, which may have changed since the first request
function defaultsOf({ grantType, resource }: DeferralRecord): Pick<Decision, 'resource'> {
  return grantType === 'client_credentials' ? { resource } : {}
}

function requestedResource({ requestedResource: requested }: DeferralRecord, { resource: granted }: Decision) {
  if (!granted) return requested
  const resources = new Set(granted)
  return requested?.filter((resource) => resources.has(resource))
}

function requestedDetails(
  { requestedDetails: requested }: DeferralRecord,
  { authorizationDetails: granted }: Decision,
  { settings }: Plugin,
): JsonObject[] | undefined {
  return requested && granted ? detailsLeft(requested, granted, settings.narrow) : requested
}

// another poll, a cancellation or the expiry was faster: the answer follows from the new state
async function answerFromState(ctx: Context, plugin: Plugin, id: string, handle: string | undefined): Promise<void> {
  const deferral = await plugin.records.find(id)
  if (!deferral) throw new Error('the deferral vanished during its redemption')
  const outcome = outcomeFor(deferral, plugin.settings)
  if (handle === undefined && deferral.status === 'redeemed') throw alreadyRedeemed(cibaHandle)
  if (outcome === 'repeat' && handle !== undefined) return repeatAnswer(ctx, plugin, deferral, handle)
  throw refusal(ctx, deferral, outcome === 'redeem' || outcome === 'repeat' ? 'authorization_pending' : outcome)
}
