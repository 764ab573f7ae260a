import type { AccessToken, AuthorizationCode, ClientCredentials, RefreshToken } from 'oidc-provider'
import type { Context } from '../context.js'

/** A token the host is about to store. */
export type IssuedToken = AccessToken | ClientCredentials | RefreshToken

/** What takes the place of the host's own storage during one request; it applies only to what that request is about. */
export interface Intercepts {
  /** once, instead of storing the authorization code; resolves to the value handed out */
  saveCode?: (code: AuthorizationCode) => Promise<string>
  /** once, instead of looking the authorization code up */
  findCode?: () => Promise<AuthorizationCode | undefined>
  /** before each token is stored; throws to keep it from being stored */
  saveToken?: (token: IssuedToken) => Promise<void> | void
  /** the tokens are made by a grant of the integrator's, which need not make them known to the host */
  isCustomGrant?: boolean
}

const intercepts = new WeakMap<Context, Intercepts>()
const unsaved = new WeakSet<AuthorizationCode>()

/** Has the host's storage intercepted for the rest of this request. */
export function intercept(ctx: Context, these: Intercepts): void {
  intercepts.set(ctx, these)
}

/** What is intercepted in this request. */
export function interceptsOf(ctx: Context): Intercepts | undefined {
  return intercepts.get(ctx)
}

/** Marks a code that was never stored, and so cannot be consumed there. */
export function markUnsaved(code: AuthorizationCode): AuthorizationCode {
  unsaved.add(code)
  return code
}

/** Whether a code was never stored. */
export function isUnsaved(code: AuthorizationCode): boolean {
  return unsaved.has(code)
}
