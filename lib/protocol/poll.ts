/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Token Request using the Authentication Request ID", and OAuth 2.0 Deferred
 * Token Response, "Polling": the client polls with its handle until it gets tokens or a final refusal.
 */
import { errors } from 'oidc-provider'
import { type HandleKind, parseHandle } from '../deferral/handle.js'
import type { Approved } from '../deferral/redemption.js'
import type { Stored } from '../deferral/store.js'
import { isPending } from '../deferral/transition.js'
import { type Context, setDeferral } from '../host/context.js'
import { verifyProof } from '../host/grants/proof.js'
import { directSettings } from '../options/profiles.js'
import type { Plugin } from '../plugin.js'
import { withPlace } from './long_poll.js'
import { provenDeferral } from './oauth/first_poll.js'
import { assertPoll, dropRepeated, isRepeating } from './poll_parameters.js'
import { repeatAnswer } from './retry_window.js'
import { assertSender, isRightful, rightfulDeferral } from './rightful_client.js'
import { outcomeFor, refusal, slowDown } from './token_error_response.js'
import { redeemApproved } from './token_response.js'

/** Answers a poll; `kind` is the parameter that carries the handle. */
export async function poll(ctx: Context, plugin: Plugin, kind: HandleKind, handle: string): Promise<void> {
  const { pacing, records } = plugin
  const isDirectOn = kind === 'deferral_code' && directSettings(plugin.settings) !== undefined
  assertPoll(ctx, kind, isDirectOn ? 'code_verifier' : undefined)
  const proof = await verifyProof(ctx, plugin.host)
  const now = records.now().getTime()

  // most early polls are refused without a read. Other clients always cost a read: a fast answer would show that the id exists
  const early = isRepeating(ctx) ? undefined : pacing.tooEarly(parseHandle(handle).id, now)
  if (early && (await isRightful(ctx, plugin, kind, handle, early))) {
    await assertSender(ctx, plugin, early, proof)
    throw slowDown(ctx, early.interval)
  }

  const deferral = await withPlace(ctx, plugin, parseHandle(handle).id, async (hold) => {
    const found = await rightfulDeferral(ctx, plugin, kind, handle, proof)
    if (!found) return undefined
    if (!found.direct) assertPoll(ctx, kind)
    const current = found.direct ? await provenDeferral(ctx, plugin, found, handle) : found
    dropRepeated(ctx, kind, current)
    if (!isPending(current, current.readAt)) {
      pacing.forget(current.id)
      return current
    }
    // from now on the node keeps in memory that it is pending
    plugin.watching.begin()
    if (!pacing.admit(current, now)) throw slowDown(ctx, current.interval)
    return hold(current)
  })
  if (!deferral) throw new errors.InvalidGrant(`${kind} not found`)
  return answer(ctx, plugin, deferral, handle)
}

async function answer(ctx: Context, plugin: Plugin, deferral: Stored, handle: string): Promise<void> {
  const outcome = outcomeFor(deferral, plugin.settings)
  if (outcome === 'redeem') return redeemApproved(ctx, plugin, deferral as Approved, handle)
  if (outcome === 'repeat') return repeatAnswer(ctx, plugin, deferral, handle)
  setDeferral(ctx, deferral)
  throw refusal(ctx, deferral, outcome)
}
