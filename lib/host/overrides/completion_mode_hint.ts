import type { AuthorizationCode, Provider } from 'oidc-provider'
import type { JsonObject } from '../../deferral/deferral.js'
import { type Context, currentContext, paramsOf } from '../context.js'
import { outlive } from '../grants/grant_lifetime.js'
import { isUnsaved } from '../request/intercepts.js'

/** What is made of the hint. */
export interface Hint {
  /** whether what this request asks for may be deferred later, hint or not */
  mayWait: (ctx: Context) => boolean
  /** whether `defer` is called for every code, also for one that cannot wait */
  isAsking: boolean
  /** whether a `completion_mode` sent by the client of this request is a hint */
  isGiven: (ctx: Context, completionMode: unknown) => boolean
  /** refuses, by throwing, a token request whose code is valid and was hinted or not */
  assertRequest: (ctx: Context, isHinted: boolean) => unknown
  /** what the end-user did before this code was stored, for reviewers */
  evidenceOf: (ctx: Context) => JsonObject | undefined
  /** seconds a deferral may run */
  lifetime: number
}

type Code = AuthorizationCode & { deferralHint?: boolean; deferralContext?: JsonObject; expiration: number }
type DeviceCode = { params?: { completion_mode?: unknown }; deferralContext?: JsonObject }

/**
 * Remembers with a code what its end-user did, and that its client announced it could wait (I-024); and has the token request
 * checked before the code is consumed: nothing has been written by then, the code survives a refusal (C-I07). Overrides two
 * models: the host has no hook between validating a code and consuming it.
 */
export function installHint(provider: Provider, hint: Hint): void {
  const { AuthorizationCode, DeviceCode } = provider as any
  const { save } = AuthorizationCode.prototype

  AuthorizationCode.prototype.save = async function (this: Code, ...args: unknown[]) {
    const ctx = currentContext(provider)
    const isTheHosts = ctx?.oidc?.entities.AuthorizationCode === this
    const mayWait = isTheHosts && hint.mayWait(ctx)
    if (mayWait || (isTheHosts && hint.isAsking)) keepEvidence(ctx, this)
    // else a hint is none (I-026)
    if (mayWait && hint.isGiven(ctx, paramsOf(ctx).completion_mode)) {
      this.deferralHint = true
      await outlive(ctx, provider, this, this.expiration + hint.lifetime)
    }
    return save.apply(this, args)
  }

  if (hint.isAsking) keepEvidenceOfDevices()
  checkBefore(AuthorizationCode.prototype, (_ctx, code: Code) => code.deferralHint === true)
  checkBefore(DeviceCode.prototype, (ctx, { params }: DeviceCode) => hint.isGiven(ctx, params?.completion_mode))

  function keepEvidence(ctx: Context, code: Code | DeviceCode): void {
    const evidence = hint.evidenceOf(ctx)
    if (evidence) code.deferralContext = evidence
  }

  function keepEvidenceOfDevices(): void {
    const { save: saveDeviceCode } = DeviceCode.prototype
    DeviceCode.prototype.save = async function (this: DeviceCode, ...args: unknown[]) {
      const ctx = currentContext(provider)
      const isTheHosts = (ctx?.oidc?.entities.DeviceCode as unknown) === this
      if (ctx && isTheHosts) keepEvidence(ctx, this)
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
