/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Backchannel Authentication Endpoint": the hooks of
 * the integrator, with requests whose hint is a handle of the plugin.
 */
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { legHash } from '../../deferral/leg_state.js'
import { freeLeg, noteSent, openLeg } from '../../deferral/leg_transitions.js'
import { accountOf, type Context, paramsOf } from '../../host/context.js'
import { amendError } from '../../host/request/answer.js'
import type { BackchannelRequest } from '../../host/request/backchannel_request.js'
import type { CibaSettings } from '../../options/ciba.js'
import { type Plugin, pluginOf } from '../../plugin.js'
import { armPingOnceAnswered, sealingFor } from '../notification_setup.js'
import { accountOfHint, handleInHint, hintedDeferral, refusalOf, unknownUser } from './hint.js'
import { containsHint } from './hint_parameters.js'
import { setSnapshot } from './snapshot_request.js'

type Features = NonNullable<Configuration['features']>
type Ciba = NonNullable<Features['ciba']>
type Hook = (ctx: KoaContextWithOIDC, text: unknown) => unknown

/** The host's features with the hooks of CIBA wrapped. Requests with another hint reach the integrator's hooks unchanged (N12). */
export function withHints(features: Configuration['features'], { hint }: CibaSettings): Configuration['features'] {
  const ciba = features?.ciba
  if (!hint || !ciba) return features
  return {
    ...features,
    ciba: {
      ...ciba,
      processLoginHintToken: (ctx, token) => processHint(ctx as Context, ciba, token),
      ...guarded(ciba, 'validateBindingMessage', errors.InvalidBindingMessage),
      ...guarded(ciba, 'validateRequestContext', errors.InvalidRequest),
      triggerAuthenticationDevice: (ctx, request, ...rest) =>
        triggerDevice(ctx as Context, request as object as BackchannelRequest, () =>
          ciba.triggerAuthenticationDevice?.(ctx, request, ...rest),
        ),
    } as Ciba,
  }
}

/** Prepares a request for its storage: a leg of the hinted deferral is opened first. */
export async function beforeSave(ctx: Context, plugin: Plugin, request: BackchannelRequest) {
  const deferral = hintedDeferral(ctx)
  if (!deferral || request.deferralId !== undefined) return undefined
  // the host asks the account that it has loaded (N2)
  if (accountOf(ctx)?.accountId !== deferral.accountId) throw unknownUser()
  const { records, settings } = plugin
  const left = Math.floor((deferral.expiresAt.getTime() - records.now().getTime()) / 1000)
  request.jti ??= request.generateTokenId()
  request.expiresIn = Math.max(1, Math.min(request.expiration, left))
  setSnapshot(request, deferral, 'hint')
  const hash = legHash(request.jti)
  const secrets = { handle: request.jti, token: notificationTokenOf(ctx) }
  const sealing = await sealingFor(ctx, plugin, deferral.id, secrets, 'ping')
  const leg = { kind: 'hint', hash, expiresIn: request.expiresIn, ...sealing } as const
  const opened = await records.transit(deferral.id, openLeg(leg, settings.ciba.maxLegs), deferral)
  if (!opened) throw await refusalNow(plugin, deferral.id)
  return async () => void (await free(plugin, deferral.id, hash, 'the request was not stored'))
}

// the host has checked it
function notificationTokenOf(ctx: Context): string | undefined {
  const { client_notification_token: token } = paramsOf(ctx)
  return typeof token === 'string' ? token : undefined
}

async function refusalNow(plugin: Plugin, id: string): Promise<Error> {
  const deferral = await plugin.records.find(id)
  return (deferral && (await refusalOf(plugin, deferral))) ?? unknownUser()
}

async function processHint(ctx: Context, { processLoginHintToken }: Ciba, token: string | undefined) {
  const plugin = pluginOf(ctx.oidc.provider)
  const hint = handleInHint(ctx)
  if (plugin && hint !== undefined) return accountOfHint(ctx, plugin, hint)
  // the host's own function is a stub that throws
  if (!processLoginHintToken) throw unknownUser()
  return processLoginHintToken(ctx, token)
}

// the host calls these hooks before that of the hint
function guarded(
  ciba: Ciba,
  name: 'validateBindingMessage' | 'validateRequestContext',
  Refusal: new (text: string) => Error,
) {
  const hook = ciba[name] as object as Hook | undefined
  if (!hook) return {}
  return {
    [name]: (ctx: KoaContextWithOIDC, text: unknown) => {
      const hint = handleInHint(ctx as Context)
      if (hint !== undefined && containsHint(text, hint)) throw new Refusal('it must not contain the login_hint_token')
      return hook(ctx, text)
    },
  }
}

async function triggerDevice(ctx: Context, request: BackchannelRequest, trigger: () => unknown): Promise<void> {
  const plugin = pluginOf(ctx.oidc.provider)
  const deferral = hintedDeferral(ctx)
  if (!plugin || !deferral) return void (await trigger())
  const hash = legHash(request.jti)
  try {
    await trigger()
  } catch (error) {
    await free(plugin, deferral.id, hash, 'triggerAuthenticationDevice failed')
    throw error
  }
  await plugin.records.transit(deferral.id, noteSent(hash))
  armPingOnceAnswered(ctx, plugin, deferral.id, hash)
  // the host sends no interval
  amendError(ctx, { interval: deferral.interval })
}

// a fault here must not hide the error before it: the leg then ends with its time
function free({ records }: Plugin, id: string, hash: string, reason: string): Promise<unknown> {
  return records.transit(id, freeLeg(hash, reason)).catch(() => undefined)
}
