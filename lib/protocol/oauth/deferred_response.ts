/*
 * OAuth 2.0 Deferred Token Response, "Deferred Response": the first pending answer. It has the form of an error and carries the
 * deferral_code, with which the client polls.
 */

import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { newHandle } from '../../deferral/handle.js'
import type { NewDeferral } from '../../deferral/store.js'
import { assertConnected, type Context, setDeferral } from '../../host/context.js'
import { epochTime } from '../../host/epoch_time.js'
import { keepAnswer } from '../../host/request/answer.js'
import type { Plugin } from '../../plugin.js'
import type { DeferralTerms } from '../ask_defer.js'
import { reachOutFor } from '../ciba/reach_out.js'
import { assertNarrowable } from '../details_limit.js'
import { createWithinCaps } from '../max_pending.js'
import { armOnceAnswered, sealingFor } from '../notification_setup.js'
import { refusal } from '../token_error_response.js'
import { refuseReplayed } from './code_reuse.js'
import { notificationToken } from './completion_mode.js'
import { requestedAccess } from './requested_access.js'

/** A request that has passed every check and has to wait. */
export interface ValidatedRequest {
  id: string
  grantType: string
  source: JsonObject
  /** the key that the tokens will be bound to */
  binding: Binding
  terms: DeferralTerms
}

/** Creates the deferral, and throws the pending answer for its client. */
export async function deferredResponse(ctx: Context, plugin: Plugin, validRequest: ValidatedRequest): Promise<never> {
  const { handle, hash } = newHandle('deferral_code', validRequest.id)
  const request = newDeferral(ctx, validRequest, hash)
  assertNarrowable(request.authorizationDetails, plugin.settings)
  assertNarrowable(request.requestedDetails, plugin.settings)
  const sealing = await sealingFor(ctx, plugin, validRequest.id, { handle, token: notificationToken(ctx) })
  const record = await createWithinCaps(plugin, request, () => {
    assertConnected(ctx)
    return plugin.records.create({ ...request, ...sealing, ...reachOutFor(plugin, request.accountId) })
  })
  // the code was used twice, so it may be stolen
  if (!record) return refuseReplayed(plugin, validRequest.id)
  setDeferral(ctx, record)
  armOnceAnswered(ctx, plugin, record)
  keepAnswer(ctx)
  throw refusal(
    ctx,
    record,
    validRequest.terms.members.interaction ? 'interaction_required' : 'authorization_pending',
    {
      deferral_code: handle,
      expires_in: record.lifetime,
      interval: record.interval,
    },
  )
}

function newDeferral(
  ctx: Context,
  { id, grantType, source, binding, terms }: ValidatedRequest,
  handleHash: string,
): NewDeferral {
  const expiresIn = lifetime(ctx, terms.expiresIn)
  return {
    id,
    profile: 'oauth',
    ...requestedAccess(ctx, grantType, source),
    ...terms.members,
    context: terms.context,
    interval: terms.interval,
    lifetime: expiresIn,
    expiresIn,
    handleHash,
    binding,
    source,
  }
}

// a deferral cannot live longer than its Grant; with a hint the Grant was extended when the code was stored
function lifetime(ctx: Context, expiresIn: number): number {
  const { exp } = (ctx.oidc.entities.Grant ?? {}) as { exp?: number }
  return exp === undefined ? expiresIn : Math.max(1, Math.min(expiresIn, exp - epochTime()))
}
