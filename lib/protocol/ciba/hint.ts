/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Authentication Request": the client sends the handle
 * of its deferral as login_hint_token. It only names a deferral that exists: the person, the access and the key are those of the
 * deferral.
 */
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { isHandle } from '../../deferral/handle.js'
import { noteLeg } from '../../deferral/leg_transitions.js'
import type { Stored } from '../../deferral/store.js'
import { isUnclaimed } from '../../deferral/transition.js'
import { type Context, paramsOf } from '../../host/context.js'
import { verifyProof } from '../../host/grants/proof.js'
import type { Plugin } from '../../plugin.js'
import { rightfulDeferral } from '../rightful_client.js'
import { assertSameRequest } from './hint_parameters.js'
import { isCapped } from './open_legs.js'

const hinted = new WeakMap<Context, Stored>()

/** The deferral that the hint of this request names. */
export function hintedDeferral(ctx: Context): Stored | undefined {
  return hinted.get(ctx)
}

/** The hint of this request, if it has the shape of a handle of the plugin. */
export function handleInHint(ctx: Context): string | undefined {
  const { login_hint_token: hint } = paramsOf(ctx)
  return typeof hint === 'string' && isHandle(hint) ? hint : undefined
}

/** The account that a hint names. Throws the refusals of X-126. */
export async function accountOfHint(ctx: Context, plugin: Plugin, hint: string): Promise<string> {
  // before anything can throw: listeners of the host's events see the parameters
  delete paramsOf(ctx).login_hint_token
  const deferral = await ownDeferral(ctx, plugin, hint)
  if (!deferral || !isBridgeable(deferral)) throw unknownUser()
  const refusal = await refusalOf(plugin, deferral)
  if (refusal) throw refusal
  assertSameRequest(ctx, deferral)
  const reason = await obstacleOf(plugin, deferral)
  if (reason) {
    await plugin.records.transit(deferral.id, noteLeg('leg_refused', reason), deferral)
    throw unknownUser()
  }
  hinted.set(ctx, deferral)
  return String(deferral.accountId)
}

/** The refusal of every hint without a usable deferral. */
export function unknownUser(): Error {
  return new errors.UnknownUserId('could not identify end-user')
}

/** Why a deferral that is not pending cannot be asked about; `undefined`: it is pending. */
export async function refusalOf({ records }: Plugin, deferral: Stored): Promise<Error | undefined> {
  if (deferral.status === 'redeemed') return unknownUser()
  if (deferral.expiresAt <= deferral.readAt) return new errors.ExpiredLoginHintToken('the hint has expired')
  if (deferral.status === 'approved')
    return new errors.InvalidRequest('the request of this hint is approved, poll for its tokens')
  if (deferral.status === 'pending') return undefined
  if (deferral.status === 'cancelled' && (await isCancelledByClient(records, deferral))) return unknownUser()
  return Object.assign(new errors.AccessDenied('the request of this hint was refused'), {
    statusCode: 403,
    status: 403,
  })
}

// without the right key the answer is that for an unknown hint; a malformed proof is refused before
async function ownDeferral(ctx: Context, plugin: Plugin, hint: string): Promise<Stored | undefined> {
  const proof = await verifyProof(ctx, plugin.host)
  try {
    return await rightfulDeferral(ctx, plugin, ['deferral_code', 'deferred_auth_id'], hint, proof)
  } catch (error) {
    if (error instanceof errors.InvalidDpopProof) return undefined
    throw error
  }
}

// Nobody has proved the verifier of an unclaimed one
function isBridgeable(deferral: DeferralRecord): boolean {
  const { accountId, scope, erasedAt } = deferral
  return accountId !== undefined && scope.includes('openid') && !erasedAt && !isUnclaimed(deferral)
}

async function obstacleOf(plugin: Plugin, deferral: Stored): Promise<string | undefined> {
  const { maxLegs } = plugin.settings.ciba
  if ((deferral.legs?.length ?? 0) >= maxLegs) return 'the end-user was asked as often as allowed'
  return (await isCapped(plugin, deferral)) ? 'too many questions are open' : undefined
}

async function isCancelledByClient(records: Plugin['records'], deferral: Stored): Promise<boolean> {
  const history = await records.history(deferral.id, deferral)
  return history.some(({ event, isByClient }) => event === 'cancelled' && isByClient === true)
}
