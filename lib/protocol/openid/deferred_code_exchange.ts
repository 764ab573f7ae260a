/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Deferred Code Exchange": the one-time code from the front channel is
 * swapped for the handle the client polls with. The request is validated in full, as if it redeemed an authorization code.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../../deferral/deferral.js'
import { newHandle } from '../../deferral/handle.js'
import { exchange as exchangeTransition } from '../../deferral/transitions.js'
import { assertConnected, type Context, clientOf, paramsOf, sentValues, setDeferral } from '../../host/context.js'
import { withPlainFaults } from '../../host/faults.js'
import { afterProof, dryRun } from '../../host/grants/dry_run.js'
import { keepAnswer } from '../../host/overrides/listeners.js'
import type { Core } from '../../plugin.js'
import { cancelDeferral } from '../cancel_deferral.js'
import { armOnceAnswered, assertNotificationToken, sealingFor } from '../notification_request.js'
import { sentScope } from '../request_of_source.js'
import { fromStore, rightfulDeferral } from '../rightful_client.js'
import { interimIdToken } from './interim_id_token.js'

/** Answers an exchange. Everything that can fail comes before the one write that spends the code. */
export async function exchange(ctx: Context, core: Core, deferredCode: string): Promise<void> {
  const { settings } = core
  const { resource, deferred_notification_token: token } = paramsOf(ctx)
  assertNotificationToken('deferred_notification_token', token)
  const deferral = await afterProof(ctx, core.handler, () =>
    rightfulDeferral(ctx, core, 'deferred_code', deferredCode, fromStore(core)),
  )
  if (!deferral || hasLapsed(deferral)) throw lapsed()
  setDeferral(ctx, deferral)

  const binding = await dryRun(ctx, core, deferral.source)
  if (settings.requireSenderConstraint && clientOf(ctx).clientAuthMethod === 'none' && !binding.jkt && !binding.x5t) {
    throw new errors.InvalidDpopProof('public clients must present a DPoP proof')
  }
  const issuing = interimIdToken(ctx, core, deferral)
  const interim = await withPlainFaults(issuing, 'features.deferredTokenResponse.interimIdToken failed')

  const { handle, hash } = newHandle('deferred_auth_id', deferral.id)
  const requested = resource === undefined ? undefined : [resource].flat()
  const change = {
    handleHash: hash,
    binding,
    // what of it the host never kept is known from here only
    ...sentScope(sentValues(ctx, 'scope')[0], deferral.requestedScope ?? deferral.scope),
    ...(requested && { requestedResource: requested }),
    ...(await sealingFor(ctx, core, deferral.id, { handle, token })),
  }
  assertConnected(ctx)
  const exchanged = await core.records.transit(deferral.id, exchangeTransition(change), deferral)
  if (!exchanged) return reused(ctx, core, deferral.id)
  setDeferral(ctx, exchanged)
  armOnceAnswered(ctx, core, exchanged)
  ctx.body = {
    deferred_auth_id: handle,
    expires_in: exchanged.lifetime,
    interval: exchanged.interval,
    ...(interim !== undefined && { interim_id_token: interim }),
  }
  keepAnswer(ctx)
}

function lapsed(): Error {
  return new errors.InvalidGrant('deferred code not found or expired')
}

function hasLapsed({ exchangedAt, expiresAt, readAt }: DeferralRecord): boolean {
  return !exchangedAt && expiresAt <= readAt
}

// a second use that passes every other check is a theft signal (RFC 6749, section 4.1.2)
async function reused(ctx: Context, core: Core, id: string): Promise<never> {
  const found = await fromStore(core)(id)
  // it expired while the request was validated
  if (found && hasLapsed(found)) throw lapsed()
  const current = (await cancelDeferral(core, id, {}, found)) ?? (await fromStore(core)(id))
  // too late to cancel: the host ends the grant, as for any reused code
  if (current?.status === 'redeemed') await dryRun(ctx, core, current.source, { consumed: true })
  throw new errors.InvalidGrant('deferred code already used')
}
