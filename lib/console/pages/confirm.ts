import type { JsonObject } from '../../index.js'
import { approvalIn } from '../approval.js'
import type { Desk } from '../desk.js'
import { detailWords } from '../details.js'
import { quoted } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { resourceWords, scopeWords } from './asked.js'
import { actionOf } from './forms.js'
import { hrefOf } from './heading.js'
import { showTo } from './layout.js'

interface Question {
  title: string
  text: SafeHtml
  button: string
}

function questionOf(verb: string, { deferral, client, person }: RequestView): Question {
  const name = quoted(client, 80)
  const { quorum = 1, votes = [], status } = deferral
  if (verb === 'approve') {
    const missing = quorum - votes.length - 1
    const text =
      missing > 0
        ? safe`Your approval counts as one of ${quorum}. The client gets nothing yet.`
        : safe`${name} gets access${person !== undefined && safe` for <bdi>${person}</bdi>`} when it polls next.`
    return { title: 'Approve this request?', text, button: 'Approve' }
  }
  if (status === 'approved') {
    const text = safe`${name} has not collected its tokens yet. If you take the approval back now, it gets none, and has to ask again.`
    return { title: 'Take the approval back?', text, button: 'Take it back' }
  }
  return {
    title: 'Cancel this request?',
    text: safe`${name} gets no tokens, and no reason.`,
    button: 'Cancel the request',
  }
}

/** Which request it is about. */
function subject({ deferral, kind }: RequestView): SafeHtml {
  return safe`<p class="lead"><strong>${deferral.title === undefined ? kind : quoted(deferral.title)}</strong></p>`
}

/** The dialog that the script opens instead of the confirmation page. */
export function confirmDialog(verb: string, view: RequestView): SafeHtml {
  const { title, text, button } = questionOf(verb, view)
  return safe`<dialog id="confirm-${verb}" aria-labelledby="confirm-${verb}-title"><h2 id="confirm-${verb}-title">${title}</h2>
${subject(view)}<p>${text}</p><p class="less" data-whole="${verb === 'approve' && 'It gets all that it asked for.'}" hidden></p>
<div class="actions"><button type="button" class="button${verb === 'cancel' && ' danger'}" data-yes>${button}</button>
<button type="button" class="button quiet" data-no>Go back</button></div></dialog>`
}

function detailLine(desk: Desk, detail: JsonObject): SafeHtml {
  const { type, summary } = detailWords(desk, detail)
  return safe`<bdi>${type}: ${summary}</bdi>`
}

/** What the form grants, in words. */
function granted(view: RequestView, form: URLSearchParams): SafeHtml {
  const {
    deferral,
    visit: { desk },
  } = view
  const {
    scope = deferral.scope,
    resource = deferral.resource,
    authorizationDetails,
    note,
  } = approvalIn(form, desk, deferral)
  const details = authorizationDetails ?? deferral.authorizationDetails ?? []
  const items = [
    ...details.map((detail) => detailLine(desk, detail)),
    ...[scope].flat().map((name) => scopeWords(view, name).label),
    ...resource.map((uri) => resourceWords(view, uri).label),
  ]
  const isLess = Boolean(authorizationDetails) || scope !== deferral.scope || resource !== deferral.resource
  return safe`<p>${isLess ? 'It gets less than it asked for, only this:' : 'It gets all that it asked for:'}</p>
<ul class="rights">${items.map((item) => safe`<li><strong>${item}</strong></li>`)}</ul>
${note !== undefined && safe`<p class="hint">Your note for colleagues: ${quoted(note, 2000)}</p>`}`
}

/** Asks once more, for browsers without the script. */
export function showConfirmation(view: RequestView, verb: string, form: URLSearchParams): void {
  const { title, text, button } = questionOf(verb, view)
  const fields = [...form].filter(([name]) => name !== 'confirmed')
  const main = safe`<section class="card"><h1>${title}</h1>
${subject(view)}<p>${text}</p>
${verb === 'approve' && granted(view, form)}
<form method="post" action="${actionOf(view, verb)}">
${fields.map(([name, value]) => safe`<input type="hidden" name="${name}" value="${value}">`)}
<input type="hidden" name="confirmed" value="yes">
<div class="actions"><button class="button${verb === 'cancel' && ' danger'}">${button}</button>
<a class="button quiet" href="${hrefOf(view, view.deferral.id)}">Go back</a></div>
</form></section>`
  showTo(view.visit, { title, main, narrow: true })
}
