/*
 * OAuth 2.0 Deferred Token Response, pull request 47, "Direct deferral": the first poll proves with code_verifier that its client
 * made the authorization request. It is validated like a request that redeems an authorization code.
 */
import { hash } from 'node:crypto'
import { errors } from 'oidc-provider'
import { claim as claimTransition } from '../../deferral/claim_transition.js'
import type { Stored } from '../../deferral/store.js'
import { isUnclaimed, isUnexpired, type Transition } from '../../deferral/transition.js'
import { cancel } from '../../deferral/transitions.js'
import { assertConnected, type Context, paramsOf, sentValues } from '../../host/context.js'
import { dryRun } from '../../host/grants/dry_run.js'
import { directSettings } from '../../options/profiles.js'
import type { Plugin } from '../../plugin.js'
import { reachOutFor } from '../ciba/reach_out.js'
import { armOnceAnswered, sealingFor } from '../notification_setup.js'
import { dropRepeated } from '../poll_parameters.js'
import { notificationToken } from './completion_mode.js'

/** Ends an unclaimed deferral: its first poll had no verifier, or a wrong one. */
const endUnclaimed: Transition = (record, now) =>
  isUnclaimed(record) ? cancel({ reason: 'pkce_failed' })(record, now) : undefined

/**
 * Checks the verifier and the redirect URI in a poll of a direct deferral, before pacing and before minting. The first
 * poll claims the deferral. Returns the current record. Call it only for the rightful client with the right key: a wrong
 * verifier ends an unclaimed deferral.
 */
export async function provenDeferral(ctx: Context, plugin: Plugin, deferral: Stored, handle: string): Promise<Stored> {
  // there is nothing left to compare with, and nothing left to claim
  if (deferral.erasedAt) return deferral
  const isFirst = isUnclaimed(deferral)
  const [verifier, ...more] = sentValues(ctx, 'code_verifier')
  const isSent = isFirst || verifier !== undefined
  if (isSent && (more.length > 0 || !isVerifier(verifier, deferral))) await refuseVerifier(plugin, deferral)
  if (sentValues(ctx, 'redirect_uri').some((uri) => uri !== deferral.source.redirectUri)) {
    throw new errors.InvalidGrant('redirect_uri does not match that of the authorization request')
  }
  const isOver = deferral.status === 'cancelled' || !isUnexpired(deferral, deferral.readAt)
  return isFirst && !isOver ? claimDeferral(ctx, plugin, deferral, { handle, verifier: verifier as string }) : deferral
}

// RFC 7636, section 4.6; the host supports no other method
function isVerifier(verifier: string | undefined, { source }: Stored): boolean {
  return verifier !== undefined && hash('sha256', verifier, 'base64url') === source.codeChallenge
}

async function refuseVerifier(plugin: Plugin, deferral: Stored): Promise<never> {
  const mayEnd = directSettings(plugin.settings)?.onVerifierMismatch !== 'refuse'
  if (mayEnd) await plugin.records.transit(deferral.id, endUnclaimed, deferral)
  throw new errors.InvalidGrant('code_verifier is missing or does not match')
}

async function claimDeferral(
  ctx: Context,
  plugin: Plugin,
  deferral: Stored,
  { handle, verifier }: { handle: string; verifier: string },
): Promise<Stored> {
  const { records, settings, host } = plugin
  const { resourceIndicators } = host.internals.configuration.features
  const resources = resourceIndicators.enabled ? sentValues(ctx, 'resource') : []
  // a request with several resources and without `openid` could not be minted without it
  const requested = resources.length > 0 ? { requestedResource: resources } : {}
  dropRepeated(ctx, 'deferral_code', { ...deferral, ...requested })
  const token = notificationToken(ctx)
  const binding = await validated(ctx, plugin, deferral, { verifier, resources })
  const sealing = await sealingFor(ctx, plugin, deferral.id, { handle, token })
  assertConnected(ctx)
  const reachOut = reachOutFor(plugin, deferral.accountId)
  const change = { binding, retention: settings.ttl.retention, ...requested, ...sealing, ...reachOut }
  const claimed = await records.transit(deferral.id, claimTransition(change), deferral)
  if (claimed) armOnceAnswered(ctx, plugin, claimed)
  const current = claimed ?? (await records.find(deferral.id))
  if (!current) throw new Error('the deferral vanished at its first poll')
  return current
}

// the host reads these parameters. They must be gone when it mints tokens
async function validated(
  ctx: Context,
  { host }: Plugin,
  { source }: Stored,
  { verifier, resources }: { verifier: string; resources: string[] },
) {
  const params = paramsOf(ctx)
  params.code_verifier = verifier
  if (resources.length > 0) params.resource = resources.length > 1 ? resources : resources[0]
  try {
    return await dryRun(ctx, host, source)
  } finally {
    delete params.code_verifier
    delete params.resource
  }
}
