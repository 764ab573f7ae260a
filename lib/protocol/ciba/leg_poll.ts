/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Token Request Using CIBA Grant Type": a client polls
 * with the auth_req_id that stands for a deferral. It is a second handle of the same record: whichever handle polls first after
 * the decision gets the tokens, once.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { isUsable, legHash, legOf } from '../../deferral/leg_state.js'
import { type PollOutcome, pollOutcome } from '../../deferral/outcome.js'
import type { Approved } from '../../deferral/redemption.js'
import type { Stored } from '../../deferral/store.js'
import { type Context, clientOf, setDeferral } from '../../host/context.js'
import { isInstallation } from '../../host/grants/attestation.js'
import { runUntilStopped, stopHandler } from '../../host/grants/dry_run.js'
import { hasCertificate, verifyProof } from '../../host/grants/proof.js'
import type { BackchannelRequest } from '../../host/request/backchannel_request.js'
import type { GrantHandler } from '../../host/seams.js'
import type { Plugin } from '../../plugin.js'
import { assertPoll, dropRepeated } from '../poll_parameters.js'
import { assertSender } from '../rightful_client.js'
import { alreadyRedeemed, refusal, slowDown } from '../token_error_response.js'
import { redeemApproved } from '../token_response.js'
import { tracedRequest } from '../traced_request.js'
import { cibaHandle } from './names.js'

const polls = new WeakMap<Context, BackchannelRequest>()

/** Notes that this request polls with a request of the plugin, and stops the host's handler. */
export function notePoll(ctx: Context, request: BackchannelRequest): never {
  polls.set(ctx, request)
  return stopHandler()
}

/** The host's CIBA grant. Requests of the plugin are answered here, all others by the host. */
export function bridgedHandler(plugin: Plugin, handler: GrantHandler): GrantHandler {
  return async (ctx) => {
    if (!(await runUntilStopped(ctx, handler))) return
    const request = polls.get(ctx)
    if (!request) throw new Error('the host stopped its CIBA grant without a request of the plugin')
    await tracedRequest(ctx, plugin, 'poll', () => pollLeg(ctx, plugin, request))
  }
}

async function pollLeg(ctx: Context, plugin: Plugin, request: BackchannelRequest): Promise<void> {
  assertPoll(ctx, cibaHandle)
  const proof = await verifyProof(ctx, plugin.host)
  const now = plugin.records.now().getTime()
  const deferral = await ownDeferral(ctx, plugin, request)
  if (!deferral) throw new errors.InvalidGrant('backchannel authentication request not found')
  await assertSender(ctx, plugin, deferral, proof)
  dropRepeated(ctx, cibaHandle, deferral)
  const outcome = legOutcome(deferral, legHash(request.jti), deferral.readAt)
  // one pace for both handles
  if (outcome === 'authorization_pending' && !plugin.pacing.admit(deferral, now)) throw slowDown(ctx, deferral.interval)
  if (outcome === 'redeem') return redeemApproved(ctx, plugin, deferral as Approved, undefined)
  setDeferral(ctx, deferral)
  throw outcome === 'invalid_grant' ? alreadyRedeemed(cibaHandle) : refusal(ctx, deferral, outcome)
}

async function ownDeferral(
  ctx: Context,
  { records, host }: Plugin,
  { deferralId, clientId }: BackchannelRequest,
): Promise<Stored | undefined> {
  const deferral = await records.find(String(deferralId))
  const { clientId: ownId } = clientOf(ctx)
  if (!deferral || deferral.clientId !== ownId || clientId !== ownId) return undefined
  const isOwn = hasCertificate(ctx, host, deferral.binding) && (await isInstallation(ctx, deferral.binding))
  return isOwn ? deferral : undefined
}

/** The outcome of a poll with this leg. The deferral's own handle lives longer. */
export function legOutcome(
  deferral: DeferralRecord,
  hash: string,
  now: Date,
): Exclude<PollOutcome, 'repeat' | 'interaction_required' | 'interaction_pending'> {
  if (deferral.status === 'redeemed') return 'invalid_grant'
  const leg = legOf(deferral, hash)
  if (!leg || !isUsable(leg, now)) return 'expired_token'
  const outcome = pollOutcome(deferral, now)
  switch (outcome) {
    case 'interaction_required':
    case 'interaction_pending':
      return 'authorization_pending'
    case 'repeat':
      return 'invalid_grant'
    default:
      return outcome
  }
}
