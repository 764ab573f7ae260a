import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { epochTime } from '../epoch_time.js'

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
