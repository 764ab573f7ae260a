/*
 * OAuth 2.0 Deferred Token Response, "Security Considerations": a revoked Grant gives no tokens. Its deferrals are cancelled
 * at once, so that reviewers do not work on them in vain.
 */
import { positionOf } from '../deferral/listing.js'
import { leaseSeconds } from '../deferral/notification.js'
import type { DeferralQuery } from '../deferral/queries.js'
import { codeReused } from '../deferral/transitions.js'
import type { Context } from '../host/context.js'
import { codeUse } from '../host/request/code_use.js'
import { inBackground } from '../notification/background.js'
import { within } from '../notification/deadline.js'
import { rareWarning } from '../notification/warnings.js'
import type { Plugin } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'

// a deferral that these limits leave out is refused when it is redeemed
const mostGrants = 10_000
const pageSize = 100
const mostPages = 10

/**
 * Cancels the deferrals of a Grant when the host emits `grant.revoked`. It runs in the background and may miss some: each
 * redemption checks the Grant again. `close` stops it, and waits only for the Grant that it is working on.
 */
export function cancelWithGrants(plugin: Plugin): { close(): Promise<void> } {
  // each with the reason for its cancellations
  const grantIds = new Map<string, string>()
  const warn = rareWarning('deferrals of a revoked Grant cannot be cancelled')
  let currentWork: Promise<void> | undefined

  async function work(): Promise<void> {
    for (const [grantId, reason] of grantIds) {
      grantIds.delete(grantId)
      await within(leaseSeconds, () => cancelAll(plugin, grantId, reason, warn)).catch(warn)
    }
    currentWork = undefined
  }
  function add(ctx: Context, grantId: unknown): void {
    if (typeof grantId !== 'string' || grantIds.size >= mostGrants) return
    // the host revokes the Grant of a code that is used twice
    grantIds.set(grantId, codeUse(ctx)?.isSpent ? codeReused : 'grant.revoked')
    currentWork ??= inBackground(work)
  }

  plugin.host.provider.on('grant.revoked', add)
  return {
    async close() {
      plugin.host.provider.off('grant.revoked', add)
      grantIds.clear()
      await currentWork
    },
  }
}

async function cancelAll(
  plugin: Plugin,
  grantId: string,
  reason: string,
  warn: (error: unknown) => void,
): Promise<void> {
  // hosts of 9.0 also emit the event when revokeGrantPolicy has kept the Grant
  if (await plugin.host.provider.Grant.find(grantId, { ignoreExpiration: true })) return
  // in this order: the second query finds a deferral that was approved after the first
  for (const status of ['pending', 'approved'] as const) {
    let after: DeferralQuery['after']
    for (let pages = 0; pages < mostPages; pages++) {
      const page = await plugin.records.list({ grantId, status: [status], limit: pageSize, ...(after && { after }) })
      for (const deferral of page) {
        await cancelDeferral(plugin, deferral.id, { reason }, deferral).catch(warn)
      }
      if (page.length < pageSize) break
      const last = page.at(-1)
      after = last && positionOf(last, 'newest')
    }
  }
}
