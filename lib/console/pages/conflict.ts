import type { HistoryEntry, Reviewed } from '../../index.js'
import { quoted } from '../display.js'
import type { OperatorNames } from '../people.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import type { Verb } from '../verbs.js'
import { exact, namesOf, statusOf } from '../words.js'
import { columns } from './columns.js'
import { heading } from './heading.js'
import { keysOf } from './keys.js'
import { showTo } from './layout.js'
import { entriesOf } from './timeline.js'

function listOf(names: string[], nameOf: OperatorNames): string {
  return names.map(nameOf).join(' and ')
}

/** Who was faster, when, and with what. */
function winner(
  { status, expired, decision, cancelledBy, cancelledAt, redeemedAt, expiresAt }: Reviewed,
  nameOf: OperatorNames,
) {
  const by = (names: string[], otherwise: string) => (names.length > 0 ? listOf(names, nameOf) : otherwise)
  if (status === 'redeemed' && redeemedAt) return `the client collected its tokens at ${exact(redeemedAt)}`
  if (status === 'cancelled' && cancelledAt) {
    return `${by(namesOf(cancelledBy), 'the client')} cancelled this request at ${exact(cancelledAt)}`
  }
  if (decision && (status === 'approved' || status === 'denied')) {
    const verb = status === 'approved' ? 'approved' : 'refused'
    return `${by(namesOf(decision.by), 'somebody')} ${verb} this request at ${exact(decision.at)}`
  }
  return expired ? `this request expired at ${exact(expiresAt)}` : undefined
}

/** Why nothing changed. */
function reasonOf({ deferral, visit, nameOf }: RequestView, { event }: Verb): string {
  const { assignee, votes = [] } = deferral
  const decided = statusOf(deferral) === 'pending' ? undefined : winner(deferral, nameOf)
  if (decided !== undefined) return decided
  if (event === 'approved' && votes.some(({ by }) => namesOf(by).includes(visit.operator.id))) {
    return 'you have approved this request already'
  }
  if (event === 'assigned' && assignee) return `${nameOf(assignee.to)} has it until ${exact(assignee.until)}`
  return 'there was nothing to change'
}

function showAgain(view: RequestView, message: SafeHtml, status = 409): void {
  const main = safe`${heading(view)}<div class="note problem" role="alert">${message}</div>${columns(view)}`
  showTo(view.visit, { title: 'Nothing changed', status, main, keys: keysOf(view) })
}

// the back office's words are for programs
function inWords(reason: string): string {
  const isWider = / may only narrow what was requested/.test(reason)
  return isWider ? 'nobody can approve more than the client asked for' : reason
}

/** The form asks for something that cannot be. */
export function showMistake(view: RequestView, status: number, reason: string): void {
  showAgain(view, safe`<p><strong>Nothing changed:</strong> ${quoted(inWords(reason))}.</p>`, status)
}

/** Somebody was faster. */
export function showConflict(view: RequestView, verb: Verb): void {
  showAgain(view, safe`<p><strong>Nothing changed:</strong> ${reasonOf(view, verb)}.</p>`)
}

/** The request moved while somebody looked at it: says what changed, and decides nothing. */
export function showStale(view: RequestView, changes: readonly HistoryEntry[]): void {
  const { deferral, nameOf } = view
  const decided = statusOf(deferral) === 'pending' ? undefined : winner(deferral, nameOf)
  const list =
    changes.length > 0
      ? safe`<ol class="timeline">${entriesOf(changes, view)}</ol>`
      : safe`<p>The page that you saw does not show this request as it is now.</p>`
  showAgain(
    view,
    safe`<p><strong>Nothing changed:</strong> ${decided ?? 'this request changed while you looked at it'}.</p>${list}${
      decided === undefined && safe`<p>Please look again, and decide below.</p>`
    }`,
  )
}
