import { summaryOf, typeOf } from '../details.js'
import { quoted } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { namesOf } from '../words.js'
import { scopeWords } from './asked.js'
import { confirmDialog } from './confirm.js'
import { decisionForm, draftOf } from './forms.js'
import { card } from './layout.js'
import { votesCard } from './votes.js'

/** The one right that nobody can take away: there is no sign-in without it. */
const indispensable = 'openid'

interface Choice {
  label: SafeHtml
  detail?: SafeHtml | string | undefined
  isFixed?: boolean
}

function box(name: string, { label, detail, isFixed }: Choice, value: number, isTicked: boolean): SafeHtml {
  return safe`<label class="check"><input type="checkbox" name="${name}" value="${value}"${isTicked && safe` checked`}${isFixed && safe` disabled`}>
<span><strong>${label}</strong>${(detail || isFixed) && safe`<small>${detail}${isFixed && ' always included'}</small>`}</span></label>${
    isFixed && safe`<input type="hidden" name="${name}" value="${value}">`
  }`
}

/** Everything is ticked, but what the form before left out. */
function isTicked({ draft }: RequestView, name: string, value: number): boolean {
  return !draft?.getAll('offered').includes(name) || draft.getAll(name).includes(String(value))
}

function group(view: RequestView, name: string, legend: string, choices: Choice[]): SafeHtml | undefined {
  if (choices.length === 0) return undefined
  return safe`<fieldset><legend>${legend}</legend><input type="hidden" name="offered" value="${name}">${choices.map((choice, at) => box(name, choice, at, isTicked(view, name, at)))}</fieldset>`
}

/** Everything that was asked for, to tick off. */
function choices(view: RequestView): SafeHtml {
  const { scope, resource, authorizationDetails = [] } = view.deferral
  const scopes = scope.map((name) => ({ ...scopeWords(view, name), isFixed: name === indispensable }))
  const resources = resource.map((uri) => ({ label: quoted(uri, 100) }))
  const details = authorizationDetails.map((detail) => ({
    label: safe`<bdi>${typeOf(detail)}</bdi>`,
    detail: safe`<bdi>${summaryOf(detail)}</bdi>`,
  }))
  return safe`${group(view, 'details', 'Details', details)}${group(view, 'scope', 'Rights', scopes)}${group(view, 'resource', 'Where', resources)}`
}

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
${list && safe`<datalist id="reasons">${reasons.map((reason) => safe`<option value="${reason}"></option>`)}</datalist>`}
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
