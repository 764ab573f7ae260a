import { assigneeOf } from './assignment_transitions.js'
import type { Deferral, HistoryEntry } from './deferral.js'
import type { DeferralRecord, ErrorDescription } from './deferral_record.js'
import { deepCopy } from './json.js'
import { describeLeg } from './leg_state.js'
import { channels, describeNotification } from './notification.js'
import type { StoredEntry } from './store.js'
import { isOverdue } from './transition.js'

const visibleMembers = [
  'id',
  'profile',
  'status',
  'clientId',
  'accountId',
  'grantType',
  'grantId',
  'scope',
  'resource',
  'authorizationDetails',
  'claims',
  'context',
  'queue',
  'title',
  'quorum',
  'dueAt',
  'votes',
  'interaction',
  'interactionBegunAt',
  'reachOutFault',
  'direct',
  'createdAt',
  'exchangedAt',
  'expiresAt',
  'decidedAt',
  'redeemedAt',
  'cancelledAt',
  'cancelledBy',
  'cancellationReason',
  'expiredAt',
  'erasedAt',
] as const

/**
 * The deferral in a record, without the members that only the store and the protocol need. It is a copy: callbacks and listeners
 * may change it.
 */
export function describe(record: DeferralRecord): Deferral {
  const members = record as object as Record<string, unknown>
  const deferral: Record<string, unknown> = {}
  for (const name of visibleMembers) if (members[name] !== undefined) deferral[name] = members[name]
  if (record.progress) deferral.progress = withoutErrorDescription(record.progress)
  if ('decision' in record && record.decision) {
    deferral.decision = { ...withoutErrorDescription(record.decision), at: record.decidedAt }
  }
  for (const channel of channels) {
    if (record[channel]) deferral[channel] = describeNotification(record[channel])
  }
  if (record.status !== 'pending') {
    delete deferral.interaction
    delete deferral.interactionBegunAt
  }
  if (record.legs) deferral.legs = record.legs.map(describeLeg)
  const assignee = assigneeOf(record, record.readAt)
  if (assignee) deferral.assignee = assignee
  deferral.overdue = isOverdue(record, record.readAt)
  deferral.expired = record.status !== 'redeemed' && record.expiresAt <= record.readAt
  return deepCopy(deferral) as Deferral
}

/** The history as reviewers see it: a copy, without the members that only the store needs. */
export function describeHistory(entries: StoredEntry[]): HistoryEntry[] {
  return entries.map(({ writeId, ...entry }) => deepCopy(entry) as HistoryEntry)
}

function withoutErrorDescription({ errorDescription, ...others }: ErrorDescription): object {
  return others
}
