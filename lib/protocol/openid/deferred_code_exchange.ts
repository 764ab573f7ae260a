/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Deferred Code Exchange Request": the client exchanges its one-time
 * deferred_code for the deferred_auth_id, with which it polls. The request is validated like a request that redeems an
 * authorization code.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { newHandle } from '../../deferral/handle.js'
import { codeReused, exchange as exchangeTransition } from '../../deferral/transitions.js'
import { assertConnected, type Context, clientOf, paramsOf, sentValues, setDeferral } from '../../host/context.js'
import { withPlainFaults } from '../../host/faults.js'
import { dryRun } from '../../host/grants/dry_run.js'
import { verifyProof } from '../../host/grants/proof.js'
import { keepAnswer } from '../../host/request/answer.js'
import type { Plugin } from '../../plugin.js'
import { cancelDeferral } from '../cancel_deferral.js'
import { reachOutFor } from '../ciba/reach_out.js'
import { armOnceAnswered, assertNotificationToken, sealingFor } from '../notification_setup.js'
import { sentScope } from '../request_of_source.js'
import { rightfulDeferral } from '../rightful_client.js'
import { interimIdToken } from './interim_id_token.js'

/** Answers an exchange. Every step that can fail comes before the write that uses up the code. */
export async function exchange(ctx: Context, plugin: Plugin, deferredCode: string): Promise<void> {
  const { settings } = plugin
  const { resource, deferred_notification_token: token } = paramsOf(ctx)
  assertNotificationToken('deferred_notification_token', token)
  const proof = await verifyProof(ctx, plugin.host)
  const deferral = await rightfulDeferral(ctx, plugin, 'deferred_code', deferredCode, proof)
  if (!deferral || deferral.erasedAt || isLate(deferral)) throw notFound()
  setDeferral(ctx, deferral)

  const binding = await dryRun(ctx, plugin.host, deferral.source)
  if (settings.requireSenderConstraint && clientOf(ctx).clientAuthMethod === 'none' && !binding.jkt && !binding.x5t) {
    throw new errors.InvalidDpopProof('public clients must present a DPoP proof')
  }
  const interimToken = interimIdToken(ctx, plugin, deferral)
  const interim = await withPlainFaults(interimToken, 'features.deferredTokenResponse.interimIdToken failed')

  const { handle, hash } = newHandle('deferred_auth_id', deferral.id)
  const requested = resource === undefined ? undefined : [resource].flat()
  const change = {
    handleHash: hash,
    binding,
    // the host has dropped unknown scopes from the first request: if the client repeats its scope here, they are stored
    ...sentScope(sentValues(ctx, 'scope')[0], deferral.requestedScope ?? deferral.scope),
    ...(requested && { requestedResource: requested }),
    ...(await sealingFor(ctx, plugin, deferral.id, { handle, token })),
    ...reachOutFor(plugin, deferral.accountId),
  }
  assertConnected(ctx)
  const after = await plugin.records.transit(deferral.id, exchangeTransition(change), deferral)
  if (!after) return refuseReuse(ctx, plugin, deferral.id)
  setDeferral(ctx, after)
  armOnceAnswered(ctx, plugin, after)
  ctx.body = {
    deferred_auth_id: handle,
    expires_in: after.lifetime,
    interval: after.interval,
    ...(interim !== undefined && { interim_id_token: interim }),
  }
  keepAnswer(ctx)
}

function notFound(): Error {
  return new errors.InvalidGrant('deferred code not found or expired')
}

function isLate({ exchangedAt, expiresAt, readAt }: DeferralRecord): boolean {
  return !exchangedAt && expiresAt <= readAt
}

// a second use that passes every other check means that the code may be stolen (RFC 6749, section 4.1.2)
async function refuseReuse(ctx: Context, plugin: Plugin, id: string): Promise<never> {
  const deferral = await plugin.records.find(id)
  // the code expired while the request was validated
  if (deferral && isLate(deferral)) throw notFound()
  const current =
    (await cancelDeferral(plugin, id, { reason: codeReused }, deferral)) ?? (await plugin.records.find(id))
  // too late to cancel: let the host revoke the tokens, as for any reused code
  if (current?.status === 'redeemed' && !current.erasedAt)
    await dryRun(ctx, plugin.host, current.source, { consumed: true })
  throw new errors.InvalidGrant('deferred code already used')
}
