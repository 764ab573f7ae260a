import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { epochTime } from '../epoch_time.js'

/**
 * Overrides the host's check of an `id_token_hint`, for which it has no hook: an interim ID Token is signed like any other, but
 * is no proof of a login.
 */
export function installIdTokenRules(provider: Provider): void {
  const { IdToken } = provider as any
  const { validate } = IdToken

  IdToken.validate = async function (this: unknown, ...args: unknown[]) {
    const validated = await validate.apply(this, args)
    if (validated.payload?.deferred?.status === 'interim') throw new Error('an interim ID Token is no id_token_hint')
    return validated
  }
}

/** Signs, and where the client wants it encrypts, an ID Token of the host with these claims beside `sub`. */
export async function issueIdToken(
  ctx: Context,
  provider: Provider,
  { sub, claims, lifetime }: { sub: string; claims: Record<string, unknown>; lifetime: number },
): Promise<string> {
  const token = new (provider as any).IdToken({ sub }, { ctx })
  token.scope = 'openid'
  for (const [name, value] of Object.entries(claims)) token.set(name, value)
  return token.issue({ use: 'idtoken', expiresAt: epochTime() + lifetime })
}
