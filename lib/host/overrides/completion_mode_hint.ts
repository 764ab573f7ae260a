import type { AuthorizationCode, Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { type Context, currentContext, paramsOf } from '../context.js'
import { extendGrant } from '../grants/grant_lifetime.js'
import { isUnsaved } from '../request/intercepts.js'

/** How the drafts and the options treat a hint. */
export interface Hint {
  /** whether the token request for this code can be deferred at all, with or without a hint */
  isDeferrable: (ctx: Context) => boolean
  /** whether `defer` is set: it is then called for every code, also for codes that cannot be deferred */
  hasDefer: boolean
  /** whether this `completion_mode` of the client is a hint */
  isHint: (ctx: Context, completionMode: unknown) => boolean
  /** throws to refuse a token request. `isHinted`: there was a hint with the request for its code */
  assertRequest: (ctx: Context, isHinted: boolean) => unknown
  /** the evidence for reviewers that the integrator's interactions have collected in this request */
  evidenceOf: (ctx: Context) => JsonObject | undefined
  /** seconds that a deferral lives by default */
  lifetime: number
}

type Code = AuthorizationCode & { deferralHint?: boolean; deferralContext?: JsonObject; expiration: number }
type DeviceCode = { params?: { completion_mode?: unknown }; deferralContext?: JsonObject }

/**
 * Overrides `save` and `consume` of codes and device codes. `save` adds the evidence, and the hint that the client can wait
 * (I-024). `consume` first checks the token request: a refusal leaves the code usable (C-I07). No public way: the host has no
 * hook when it makes a code, and none between the validation and the consumption of a code.
 */
export function installHint(provider: Provider, hint: Hint): void {
  const { AuthorizationCode, DeviceCode } = provider as any
  const { save } = AuthorizationCode.prototype

  AuthorizationCode.prototype.save = async function (this: Code, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const isOfHost = ctx?.oidc?.entities.AuthorizationCode === this
    const isDeferrable = isOfHost && hint.isDeferrable(ctx)
    if (isDeferrable || (isOfHost && hint.hasDefer)) keepEvidence(ctx, this)
    // a request that cannot be deferred has no hint (I-026)
    if (isDeferrable && hint.isHint(ctx, paramsOf(ctx).completion_mode)) {
      this.deferralHint = true
      await extendGrant(ctx, provider, this, this.expiration + hint.lifetime)
    }
    return save.apply(this, args)
  }

  if (hint.hasDefer) keepEvidenceOfDevices()
  checkBefore(AuthorizationCode.prototype, (_ctx, code: Code) => code.deferralHint === true)
  checkBefore(DeviceCode.prototype, (ctx, { params }: DeviceCode) => hint.isHint(ctx, params?.completion_mode))

  function keepEvidence(ctx: Context, code: Code | DeviceCode): void {
    const evidence = hint.evidenceOf(ctx)
    if (evidence) code.deferralContext = evidence
  }

  function keepEvidenceOfDevices(): void {
    const { save: saveDeviceCode } = DeviceCode.prototype
    DeviceCode.prototype.save = async function (this: DeviceCode, ...args: unknown[]) {
      const ctx = currentContext(provider)
      const isOfHost = (ctx?.oidc?.entities.DeviceCode as unknown) === this
      if (ctx && isOfHost) keepEvidence(ctx, this)
      return saveDeviceCode.apply(this, args)
    }
  }

  function checkBefore<T>(prototype: any, isHinted: (ctx: Context, code: T) => boolean): void {
    const { consume } = prototype
    prototype.consume = function (this: T, ...args: unknown[]) {
      const ctx = currentContext(provider)
      if (ctx && !isUnsaved(this as AuthorizationCode)) hint.assertRequest(ctx, isHinted(ctx, this))
      return consume.apply(this, args)
    }
  }
}
