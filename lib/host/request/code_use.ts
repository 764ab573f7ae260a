import type { AuthorizationCode } from 'oidc-provider'
import type { Context } from '../context.js'

/** The state of the authorization code in a token request. */
export interface CodeUse {
  /** the code; `undefined` if it is not stored any more */
  code: AuthorizationCode | undefined
  /** another request has consumed the code, before this one or at the same time */
  isSpent: boolean
  /** this request has consumed the code */
  isConsumer: boolean
}

const uses = new WeakMap<Context, CodeUse>()

/** Notes the state of the code in this request. */
export function noteCodeUse(ctx: Context, use: CodeUse): void {
  uses.set(ctx, use)
}

/** The state of the code in this request; `undefined` if the host has not looked it up. */
export function codeUse(ctx: Context): CodeUse | undefined {
  return uses.get(ctx)
}
