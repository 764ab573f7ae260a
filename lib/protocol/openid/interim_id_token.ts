/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Interim ID Tokens": the exchange response may carry an ID Token with claims
 * that the provider already has. It is marked, because it is not the final answer.
 */

import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { describe } from '../../deferral/describe.js'
import { isObject, toJson } from '../../deferral/json.js'
import { accountOf, type Context } from '../../host/context.js'
import { issueIdToken } from '../../host/grants/id_token.js'
import type { Plugin } from '../../plugin.js'

const lifetime = 300
const reserved = new Set(['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'at_hash', 'c_hash', 's_hash', 'azp', 'deferred'])

/** A signed ID Token with `deferred: { status: 'interim' }`; `undefined` if the option `interimIdToken` returns no claims. */
export async function interimIdToken(
  ctx: Context,
  { host, settings }: Plugin,
  deferral: DeferralRecord,
): Promise<string | undefined> {
  // without the scope openid it is not a request of OpenID Connect
  if (!settings.interimIdToken || !deferral.scope.includes('openid')) return undefined
  const returned = await settings.interimIdToken(ctx, describe(deferral))
  if (returned === undefined) return undefined
  const claims = toJson(returned)
  if (!isObject(claims)) throw new TypeError('interimIdToken must return a plain object of JSON values, or undefined')
  const clash = Object.keys(claims).find((name) => reserved.has(name))
  if (clash) throw new TypeError(`interimIdToken must not return the claim ${clash}`)
  const account = accountOf(ctx)
  const { sub } = (await account?.claims('id_token', 'openid', {}, [])) ?? { sub: deferral.accountId as string }
  const interimClaims = { ...claims, nonce: deferral.source.nonce, deferred: { status: 'interim' } }
  return issueIdToken(ctx, host.provider, { sub, claims: interimClaims, lifetime })
}
