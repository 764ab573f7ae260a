import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { epochTime } from '../epoch_time.js'

/** Makes an ID Token of the host with `sub` and these claims. The host signs it, and encrypts it if the client wants that. */
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
