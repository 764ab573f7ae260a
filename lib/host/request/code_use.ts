import type { AuthorizationCode } from 'oidc-provider'
import type { Context } from '../context.js'

/** The state of the authorization code that a token request sent. */
export interface CodeUse {
  /** the code, where it was still stored */
  code: AuthorizationCode | undefined
  /** another request has consumed it, before or at the same time */
  isSpent: boolean
  /** this request has consumed it */
  isConsumer: boolean
}

const uses = new WeakMap<Context, CodeUse>()

/** Notes the state of the code that this request sent. */
export function noteCodeUse(ctx: Context, use: CodeUse): void {
  uses.set(ctx, use)
}

/** The state of the code that this request sent; `undefined`: the host has not looked the code up. */
export function codeUse(ctx: Context): CodeUse | undefined {
  return uses.get(ctx)
}
