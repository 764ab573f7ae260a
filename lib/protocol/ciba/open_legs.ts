/*
 * Not in the drafts: at most so many questions of an account, and of a client, are open at the same time.
 */

import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { isLive, legOf } from '../../deferral/leg_state.js'
import type { Plugin } from '../../plugin.js'

// the newest pending deferrals of the client or the account. Older ones are not counted
const mostRead = 1000

/** Whether the account or the client has reached `ciba.maxOpen`, so that this deferral must not ask. */
export async function isCapped({ records, settings }: Plugin, deferral: DeferralRecord): Promise<boolean> {
  const { id, accountId, clientId } = deferral
  const { perAccount, perClient } = settings.ciba.maxOpen
  const isReached = async (filter: { accountId?: string; clientId?: string }, limit: number) => {
    const pending = await records.list({ ...filter, status: ['pending'], limit: mostRead })
    const asking = pending.filter((other) => other.id !== id && isLive(other, legOf(other), other.readAt))
    return asking.length >= limit
  }
  const isOfAccount = accountId !== undefined && (await isReached({ accountId }, perAccount))
  return isOfAccount || isReached({ clientId }, perClient)
}
