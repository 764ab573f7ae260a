import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { difference } from '../../deferral/difference.js'
import { channels } from '../../deferral/notification.js'
import { toDocument } from '../../store/json_members.js'
import { derivedMembers } from './derived.js'

/** The paths that a swap writes: `set` with their values, `unset` those that are removed. */
export interface Changes {
  set: Record<string, unknown>
  unset: string[]
}

/**
 * What a swap changes in the document. Writes only the members of a notification that changed. Its sealed secrets are large, and each write
 * is replicated.
 */
export function changesOf(before: DeferralRecord, after: DeferralRecord): Changes {
  const members = difference(before, after)
  const derived = difference(derivedMembers(before), derivedMembers(after))
  const changes = { set: { ...toDocument(members.set), ...derived.set }, unset: [...members.unset, ...derived.unset] }
  for (const channel of channels) {
    const [old, next] = [before[channel], after[channel]]
    if (!old || !next) continue
    delete changes.set[channel]
    addParts(changes, channel, difference(old, next))
  }
  return changes
}

function addParts(changes: Changes, member: string, { set, unset }: Changes): void {
  for (const [name, value] of Object.entries(set)) changes.set[`${member}.${name}`] = value
  for (const name of unset) changes.unset.push(`${member}.${name}`)
}
