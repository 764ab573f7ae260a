import { createHash } from 'node:crypto'
import type { HistoryEntry, Reviewed } from '../index.js'

// entries that no person has made, and that change nothing for a decision
const passing =
  /^(notif|reach_out_|leg_(opened|sent|failed|result_discarded)$|(overdue|exchanged|claimed|redeemed|task_noted)$)/

/** What people did to this deferral. */
function eventful({ history }: Reviewed): HistoryEntry[] {
  return history.filter(({ event }) => !passing.test(event))
}

/**
 * Names the state that a page shows: the number of its entries, and a hash. A form sends it back, so that nobody decides about
 * a state that they have not seen.
 */
export function revisionOf(deferral: Reviewed): string {
  const { status, expired, expiresAt, votes, decision, interaction, progress } = deferral
  const entries = eventful(deferral)
  const count = entries.length
  const state = JSON.stringify([
    status,
    expired,
    expiresAt,
    votes,
    decision,
    interaction,
    progress?.step,
    entries.at(-1)?.at,
    count,
  ])
  return `${count}.${createHash('sha256').update(state).digest('base64url').slice(0, 22)}`
}

/** The entries since this revision was shown; `undefined`: nothing has changed. Empty: something without an entry has changed. */
export function changesSince(revision: string | undefined, deferral: Reviewed): HistoryEntry[] | undefined {
  if (revision === revisionOf(deferral)) return undefined
  const count = Number(/^\d{1,6}/.exec(revision ?? '')?.[0] ?? Number.POSITIVE_INFINITY)
  return eventful(deferral).slice(count)
}
