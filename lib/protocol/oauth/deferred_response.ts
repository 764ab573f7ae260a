/*
 * OAuth 2.0 Deferred Token Response, "Deferred Response": an error in form, for it gives no access to anything, that carries the
 * deferral_code to poll with.
 */

import type { Binding, JsonObject } from '../../deferral/deferral.js'
import { newHandle } from '../../deferral/handle.js'
import type { NewDeferral } from '../../deferral/store.js'
import { assertConnected, type Context, setDeferral } from '../../host/context.js'
import { epochTime } from '../../host/epoch_time.js'
import { keepAnswer } from '../../host/request/answer.js'
import type { Plugin } from '../../plugin.js'
import type { Deferred } from '../ask_defer.js'
import { assertNarrowable } from '../details_limit.js'
import { armOnceAnswered, sealingFor } from '../notification_request.js'
import { refusal } from '../token_error_response.js'
import { refuseReplayed } from './code_reuse.js'
import { notificationToken } from './completion_mode.js'
import { requested } from './requested_access.js'

/** A request that was validated and has to wait. */
export interface ValidatedRequest {
  id: string
  grantType: string
  source: JsonObject
  /** the key the tokens will be bound to */
  binding: Binding
  deferring: Deferred
}

/** Creates the deferral, and throws the answer for its client. */
export async function deferredResponse(ctx: Context, plugin: Plugin, validated: ValidatedRequest): Promise<never> {
  const { handle, hash } = newHandle('deferral_code', validated.id)
  const request = newDeferral(ctx, validated, hash)
  assertNarrowable(request.authorizationDetails, plugin.settings)
  assertNarrowable(request.requestedDetails, plugin.settings)
  const sealing = await sealingFor(ctx, plugin, validated.id, { handle, token: notificationToken(ctx) })
  assertConnected(ctx)
  const record = await plugin.records.create({ ...request, ...sealing })
  // the code was used twice, which is a theft signal
  if (!record) return refuseReplayed(plugin, validated.id)
  setDeferral(ctx, record)
  armOnceAnswered(ctx, plugin, record)
  keepAnswer(ctx)
  throw refusal(ctx, record, validated.deferring.interaction ? 'interaction_required' : 'authorization_pending', {
    deferral_code: handle,
    expires_in: record.lifetime,
    interval: record.interval,
  })
}

function newDeferral(
  ctx: Context,
  { id, grantType, source, binding, deferring }: ValidatedRequest,
  handleHash: string,
): NewDeferral {
  const expiresIn = lifetime(ctx, deferring.expiresIn)
  return {
    id,
    profile: 'oauth',
    ...requested(ctx, grantType, source),
    context: deferring.context,
    interval: deferring.interval,
    lifetime: expiresIn,
    expiresIn,
    handleHash,
    binding,
    ...(deferring.interaction && { interaction: deferring.interaction }),
    source,
  }
}

// a Grant that ends earlier ends the deferral; one whose client announced that it could wait was given time
function lifetime(ctx: Context, expiresIn: number): number {
  const { exp } = (ctx.oidc.entities.Grant ?? {}) as { exp?: number }
  return exp === undefined ? expiresIn : Math.max(1, Math.min(expiresIn, exp - epochTime()))
}
