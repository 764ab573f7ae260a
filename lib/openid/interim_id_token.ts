/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Interim ID Token": what is already known of the end-user, for a client that
 * must not take it for the final answer.
 */
import type { Core } from '../core.js'
import { type DeferralRecord, describe } from '../deferral/deferral.js'
import { accountOf, type Context } from '../host/context.js'

const lifetime = 300
const reserved = new Set(['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'at_hash', 'c_hash', 's_hash', 'azp', 'deferred'])

/** A signed ID Token marked `deferred: { status: 'interim' }`, or `undefined` when none is configured for this request. */
export async function interimIdToken(
  ctx: Context,
  { provider, settings }: Core,
  deferral: DeferralRecord,
): Promise<string | undefined> {
  const claims = await settings.interimIdToken?.(ctx, describe(deferral))
  if (claims === undefined) return undefined
  const clash = Object.keys(claims).find((name) => reserved.has(name))
  if (clash) throw new TypeError(`interimIdToken must not return the claim ${clash}`)
  const account = accountOf(ctx)
  const { sub } = (await account?.claims('id_token', 'openid', {}, [])) ?? { sub: deferral.accountId as string }
  const { IdToken } = provider as unknown as { IdToken: new (available: object, opts: object) => HostIdToken }
  const token = new IdToken({ sub }, { ctx })
  token.scope = 'openid'
  for (const [name, value] of Object.entries(claims)) token.set(name, value)
  token.set('nonce', deferral.source.nonce)
  token.set('deferred', { status: 'interim' })
  return token.issue({ use: 'idtoken', expiresAt: Math.floor(Date.now() / 1000) + lifetime })
}

interface HostIdToken {
  scope: string
  set(name: string, value: unknown): void
  issue(opts: { use: 'idtoken'; expiresAt: number }): Promise<string>
}
