/*
 * OAuth 2.0 Deferred Token Response, "Completion Mode": a server must not defer a request whose client did not offer to wait
 * (I-017). So the token requests in this file are refused if `defer` wants them to wait.
 */

import type { JsonObject } from '../../deferral/deferral.js'
import { newId } from '../../deferral/handle.js'
import { type Context, clientOf } from '../../host/context.js'
import { requestSource } from '../../host/grants/client_credentials.js'
import { decideFirst } from '../../host/grants/decide_first.js'
import type { GrantHandler } from '../../host/seams.js'
import type { Obstacle } from '../../options/defer.js'
import { type HostGrant, hostGrants, isHostGrant } from '../../options/grants.js'
import type { Plugin } from '../../plugin.js'
import { askDefer, hasDefer } from '../ask_defer.js'
import { isOptedIn, mayPoll } from './completion_mode.js'
import { deferRequest } from './defer_request.js'
import { artifacts } from './requested_access.js'

/** The host's grants that issue tokens, without refresh_token: `defer` is not called for refresh requests. */
const issuingGrants = new Set([...hostGrants, ...Object.keys(artifacts)])

/** Whether token requests of this grant of the host can wait, by the options. */
export function isDeferrableGrant({ settings }: Pick<Plugin, 'settings'>, name: string): name is HostGrant {
  const { profiles, grants = hostGrants } = settings
  return profiles.oauth && isHostGrant(name) && grants.includes(name)
}

/** Why this token request cannot wait; `undefined` if it can. The host validates the key of a public client later. */
export function obstacleOf(ctx: Context, { host, settings }: Plugin): Obstacle | undefined {
  const { clientAuthMethod, tlsClientCertificateBoundAccessTokens } = clientOf(ctx)
  if (!settings.profiles.oauth) return 'grant'
  if (!mayPoll(ctx)) return 'client'
  if (!isOptedIn(ctx)) return 'completion_mode'
  const hasKey =
    tlsClientCertificateBoundAccessTokens || (host.internals.configuration.features.dPoP.enabled && ctx.get('DPoP'))
  return clientAuthMethod === 'none' && !hasKey ? 'key' : undefined
}

/**
 * A grant of the host that cannot wait, so that `defer` is called for its token requests. `undefined` if `defer` is not set, or
 * if the grant issues no tokens.
 */
export function enforcedHandler(plugin: Plugin, name: string, handler: GrantHandler): GrantHandler | undefined {
  if (!hasDefer(plugin.settings) || !issuingGrants.has(name)) return undefined
  return (ctx) => answerUnlessRefused(ctx, plugin, handler, { grantType: name, obstacle: 'grant' })
}

/**
 * Runs the host's handler for a request that cannot wait. If `defer` wants the request to wait, it is refused, and its code is
 * not consumed.
 */
export function answerUnlessRefused(
  ctx: Context,
  plugin: Plugin,
  handler: GrantHandler,
  { grantType, obstacle, id = newId() }: { grantType: string; obstacle: Obstacle; id?: string },
): Promise<void> {
  return decideFirst(ctx, handler, () => {
    const source = sourceOf(ctx, plugin, grantType)
    return askDefer(ctx, plugin, deferRequest(ctx, { id, grantType, source, obstacle }))
  })
}

function sourceOf(ctx: Context, { host }: Plugin, grantType: string): JsonObject {
  const kind = artifacts[grantType]
  if (kind === undefined) return requestSource(ctx, host.internals)
  const { clientId, scope, resource, rar } = (ctx.oidc.entities as Record<string, JsonObject>)[kind] as JsonObject
  return JSON.parse(JSON.stringify({ clientId, scope, resource, rar }))
}
