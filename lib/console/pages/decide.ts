import { display } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { namesOf } from '../words.js'
import { choices } from './choices.js'
import { confirmDialog } from './confirm.js'
import { decisionForm, draftOf } from './forms.js'
import { card } from './layout.js'
import { votesCard } from './votes.js'

function approveCard(view: RequestView): SafeHtml {
  const { quorum = 1, votes = [] } = view.deferral
  const isVote = quorum > 1 && votes.length + 1 < quorum
  const content = safe`<p class="hint">Untick what the client shall not get. It never gets more than it asked for.</p>
${choices(view)}
<label for="approve-note">Note <span class="optional">for colleagues, the client never reads it</span></label>
<textarea id="approve-note" name="note" maxlength="2000" rows="2">${draftOf(view, 'note')}</textarea>
<div class="actions"><button class="button" data-key="a">Approve</button>${isVote && safe`<span class="hint">${votes.length} of ${quorum} have approved</span>`}</div>`
  return card(
    'approve',
    'Approve',
    safe`${decisionForm(view, 'approve', content, 'confirm-approve')}${confirmDialog('approve', view)}`,
  )
}

function refuseCard(view: RequestView): SafeHtml {
  const reasons = view.visit.desk.options.texts?.reasons?.(view.deferral) ?? []
  const list = reasons.length > 0
  const content = safe`<label for="reason">Reason <span class="optional">the client and the person read it</span></label>
<input id="reason" name="reason" maxlength="1000" required autocomplete="off" data-focus="r" value="${draftOf(view, 'reason')}"${list && safe` list="reasons"`}>
${list && safe`<datalist id="reasons">${reasons.map((reason) => safe`<option value="${display(reason, 1000)}"></option>`)}</datalist>`}
<label for="refuse-note">Note <span class="optional">for colleagues, the client never reads it</span></label>
<textarea id="refuse-note" name="note" maxlength="2000" rows="2">${draftOf(view, 'note')}</textarea>
<div class="actions"><button class="button danger">Refuse</button></div>`
  return card('refuse', 'Refuse', decisionForm(view, 'deny', content))
}

/** Why somebody reads no buttons. */
function obstacleCard(obstacle: string): SafeHtml {
  const text = obstacle.charAt(0).toUpperCase() + obstacle.slice(1)
  return card('approve', 'Decision', safe`<p class="note">${text}. You can read it and comment on it.</p>`)
}

/** The forms to approve or refuse, or why there are none. */
export function decisionCards(view: RequestView): SafeHtml {
  const { obstacle, deferral, visit, eligible } = view
  const hasVoted = (deferral.votes ?? []).some(({ by }) => namesOf(by).includes(visit.operator.id))
  const nobody =
    eligible?.length === 0 &&
    safe`<p class="note problem">Nobody who works here may decide this request. It expires undecided.</p>`
  if (obstacle !== undefined) return safe`${nobody}${votesCard(view)}${obstacleCard(obstacle)}`
  return safe`${nobody}${votesCard(view)}${!hasVoted && approveCard(view)}${refuseCard(view)}`
}
