import type { HistoryEntry } from '../../index.js'
import { display, displayLines } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { moment, namesOf } from '../words.js'
import { card } from './layout.js'

const eventNames: Record<string, string> = {
  created: 'Asked',
  exchanged: 'The client waits',
  progress: 'Progress',
  interaction_required: 'The person was asked',
  resumed: 'The question to the person is over',
  assigned: 'Assigned',
  unassigned: 'Given back',
  commented: 'Comment',
  voted: 'Approval',
  unvoted: 'Approval withdrawn',
  approved: 'Approved',
  denied: 'Refused',
  cancelled: 'Cancelled',
  extended: 'Extended',
  redeemed: 'Tokens collected',
  overdue: 'Overdue',
  expired: 'Expired',
  notified: 'The client was notified',
  notification_failed: 'The client could not be notified',
  notification_attempted: 'Notification tried',
  notification_replayed: 'Notification sent again',
  notification_suppressed: 'Notification not needed any more',
  notification_postponed: 'Notification put off',
  erased: 'Personal data erased',
  claimed: 'The client waits',
  cancelled_ahead: 'A code was used twice',
  interaction_begun: 'The person has begun to answer',
  leg_opened: 'A question to the person over CIBA',
  leg_sent: 'The person was asked over CIBA',
  leg_ended: 'The question over CIBA is over',
  leg_failed: 'The question over CIBA failed',
  leg_refused: 'The person refused over CIBA',
  leg_result_discarded: 'An answer over CIBA came too late',
  reach_out_requested: 'The person shall be asked over CIBA',
  reach_out_attempted: 'Asking the person over CIBA',
  reach_out_failed: 'The person could not be asked over CIBA',
  task_noted: 'Noted by a program',
}

const grantedNames: Record<string, string> = {
  scope: 'rights',
  resource: 'where',
  authorizationDetails: 'details',
  claims: 'personal data',
  until: 'a shorter time',
}

function narrowedText(name: unknown): string {
  const text = factText(name)
  return (Object.hasOwn(grantedNames, text) && grantedNames[text]) || text
}

function factText(value: unknown): string {
  if (value instanceof Date) return `${value.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function factOf({ event, ...facts }: Record<string, unknown>, nameOf: RequestView['nameOf']): string | undefined {
  const { to, from, until, step, host, expiresAt, narrowed, votes, quorum, reason, isByClient, attempts, note } = facts
  const parts = [
    to !== undefined && `to ${nameOf(String(to))}`,
    from !== undefined && `from ${nameOf(String(from))}`,
    until !== undefined && `until ${factText(until)}`,
    step !== undefined && String(step),
    host !== undefined && `at ${factText(host)}`,
    expiresAt !== undefined && `expires ${factText(expiresAt)}`,
    narrowed !== undefined && `less than asked: ${[narrowed].flat().map(narrowedText).join(', ')}`,
    event === 'voted' && votes !== undefined && `${factText(votes)} of ${factText(quorum)}`,
    reason !== undefined && factText(reason),
    isByClient === true && 'by the client',
    attempts !== undefined && `attempt ${factText(attempts)}`,
    note !== undefined && factText(note),
  ].filter((part) => part !== false)
  return parts.length > 0 ? display(parts.join(', ')) : undefined
}

/** Lines of the history. */
export function entriesOf(entries: readonly HistoryEntry[], { nameOf }: Pick<RequestView, 'nameOf'>): SafeHtml[] {
  return entries.map((entry) => {
    const { at, event, by, text } = entry
    const name = (Object.hasOwn(eventNames, event) && eventNames[event]) || display(event, 60)
    const names = namesOf(by).map(nameOf).join(', ')
    const fact = factOf(entry, nameOf)
    return safe`<li class="${event}"><strong>${name}</strong>${names && safe` by <bdi>${names}</bdi>`}${
      typeof text === 'string' && safe`<q class="note-text">${displayLines(text, 2000)}</q>`
    }${fact !== undefined && safe`<span><bdi>${fact}</bdi></span>`}${moment(at)}</li>`
  })
}

/** What happened to the request, oldest first. */
export function historyCard(view: RequestView): SafeHtml {
  return card('history', 'History', safe`<ol class="timeline">${entriesOf(view.deferral.history, view)}</ol>`)
}
