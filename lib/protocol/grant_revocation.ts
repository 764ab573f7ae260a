import { leaseSeconds } from '../deferral/notification.js'
import type { DeferralQuery } from '../deferral/store.js'
import { inBackground } from '../notification/background.js'
import { within } from '../notification/deadline.js'
import { complaints } from '../notification/warnings.js'
import type { Plugin } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'

// a deferral beyond these limits is refused at its redemption
const mostGrants = 10_000
const pageSize = 100
const mostPages = 10

/**
 * Cancels the deferrals of a Grant when the host emits `grant.revoked`, so that nobody reviews them in vain. It runs in the
 * background and may miss some: the check at redemption decides. `close` waits for the Grant under way only.
 */
export function cancelWithGrants(plugin: Plugin): { close(): Promise<void> } {
  const grantIds = new Set<string>()
  const complain = complaints('deferrals of a revoked Grant cannot be cancelled')
  let underWay: Promise<void> | undefined

  async function work(): Promise<void> {
    for (const grantId of grantIds) {
      grantIds.delete(grantId)
      await within(leaseSeconds, () => cancelAll(plugin, grantId, complain)).catch(complain)
    }
    underWay = undefined
  }
  function take(_ctx: unknown, grantId: unknown): void {
    if (typeof grantId !== 'string' || grantIds.size >= mostGrants) return
    grantIds.add(grantId)
    underWay ??= inBackground(work)
  }

  plugin.host.provider.on('grant.revoked', take)
  return {
    async close() {
      plugin.host.provider.off('grant.revoked', take)
      grantIds.clear()
      await underWay
    },
  }
}

async function cancelAll(plugin: Plugin, grantId: string, complain: (error: unknown) => void): Promise<void> {
  // hosts of 9.0 emit the event even where revokeGrantPolicy kept the Grant
  if (await plugin.host.provider.Grant.find(grantId, { ignoreExpiration: true })) return
  // in this order: a deferral that is approved meanwhile is found by the second query
  for (const status of ['pending', 'approved'] as const) {
    let after: DeferralQuery['after']
    for (let pages = 0; pages < mostPages; pages++) {
      const page = await plugin.records.list({ grantId, status, limit: pageSize, ...(after && { after }) })
      for (const deferral of page) {
        await cancelDeferral(plugin, deferral.id, { reason: 'grant.revoked' }, deferral).catch(complain)
      }
      if (page.length < pageSize) break
      after = page.at(-1)
    }
  }
}
