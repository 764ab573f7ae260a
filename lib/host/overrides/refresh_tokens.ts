import type { Client } from 'oidc-provider'
import type { Context } from '../context.js'
import { allowanceOf } from '../request/allowance.js'
import type { Internals } from '../seams.js'

/**
 * Wraps the integrator's `issueRefreshToken`: an answer may exclude a refresh token. No public way: the function in the
 * configuration belongs to the integrator, who would have to ask the plugin.
 */
export function installRefreshTokens({ configuration }: Internals): void {
  const { issueRefreshToken } = configuration
  configuration.issueRefreshToken = (ctx: Context, client: Client, source: unknown) =>
    allowanceOf(ctx)?.allowance.refreshToken === false ? false : issueRefreshToken(ctx, client, source)
}
