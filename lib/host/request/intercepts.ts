import type { AccessToken, AuthorizationCode, ClientCredentials, RefreshToken } from 'oidc-provider'
import type { Context } from '../context.js'

/** A token that the host is about to store. */
export type IssuedToken = AccessToken | ClientCredentials | RefreshToken

/**
 * Replaces the host's storage of codes and tokens during one request. It applies only to the code that this request carries or
 * creates, and to the tokens that it issues.
 */
export interface Intercepts {
  /** called once, in place of `AuthorizationCode.save`; resolves to the value that the client gets as its code */
  saveCode?: (code: AuthorizationCode) => Promise<string>
  /** called once, in place of `AuthorizationCode.find` */
  findCode?: () => Promise<AuthorizationCode | undefined>
  /** called before each token is stored. If it throws, the token is not stored */
  saveToken?: (token: IssuedToken) => Promise<void> | void
  /** a custom grant of the integrator's makes the tokens. It need not add them to `ctx.oidc.entities` */
  isCustomGrant?: boolean
}

const intercepts = new WeakMap<Context, Intercepts>()
const unsaved = new WeakSet<AuthorizationCode>()

/** Sets the intercepts for the rest of this request. */
export function intercept(ctx: Context, replacement: Intercepts): void {
  intercepts.set(ctx, replacement)
}

/** The intercepts of this request. */
export function interceptsOf(ctx: Context): Intercepts | undefined {
  return intercepts.get(ctx)
}

/** Marks a code as never stored. Its `consume` then does nothing. */
export function markUnsaved(code: AuthorizationCode): AuthorizationCode {
  unsaved.add(code)
  return code
}

/** Whether a code is marked as never stored. */
export function isUnsaved(code: AuthorizationCode): boolean {
  return unsaved.has(code)
}
