import { display } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { exact, statusOf } from '../words.js'
import { confirmDialog } from './confirm.js'
import { decisionForm, plainForm } from './forms.js'
import { card } from './layout.js'

const button = (words: string, key?: string) =>
  safe`<div class="actions"><button class="button quiet"${key !== undefined && safe` data-key="${key}"`}>${words}</button></div>`

/** Who works on it: an agreement among colleagues, which binds nobody. */
function assignment(view: RequestView): SafeHtml {
  const { deferral, visit, nameOf, eligible = [] } = view
  const { assignee } = deferral
  const me = visit.operator.id
  const others = eligible.filter(({ id }) => id !== me && id !== assignee?.to)
  const over = assignee && safe`<input type="hidden" name="over" value="${assignee.at.getTime()}">`
  const hand =
    others.length > 0 &&
    plainForm(
      view,
      'assign',
      safe`${over}<label for="to">Hand it to</label><div class="inline"><select id="to" name="to">${others.map(({ id, name }) => safe`<option value="${id}">${display(name, 80)}</option>`)}</select><button class="button quiet">Assign</button></div>`,
    )
  if (assignee?.to === me) {
    return safe`<p>You have it until ${exact(assignee.until)}.</p>${plainForm(view, 'unassign', button('Give it back'))}${hand}`
  }
  const words = assignee
    ? safe`<p><strong>${nameOf(assignee.to)}</strong> has it until ${exact(assignee.until)}.</p>`
    : safe`<p>Nobody works on it. Take it, so that colleagues see it.</p>`
  const take = plainForm(view, 'assign', safe`${over}${button(assignee ? 'Take it over' : 'Take it', 't')}`)
  return safe`${words}${take}${hand}`
}

function fold(id: string, title: string, content: SafeHtml): SafeHtml {
  return safe`<details class="fold" id="${id}"><summary>${title}</summary>${content}</details>`
}

function commentForm(view: RequestView): SafeHtml {
  const content = safe`<label for="text">Comment <span class="optional">for colleagues, the client never reads it</span></label>
<textarea id="text" name="text" maxlength="2000" rows="2" required data-focus="c"></textarea>${button('Add the comment')}`
  return plainForm(view, 'comment', content)
}

function progressForm(view: RequestView): SafeHtml {
  const { deferral, visit } = view
  const words = deferral.progress?.step ?? visit.desk.options.texts?.step?.(deferral)
  const step = words && display(words, 100)
  const content = safe`<label for="step">Step <span class="optional">the client and the person read it</span></label>
<input id="step" name="step" maxlength="100" required autocomplete="off" value="${step}">
<div class="pair"><div><label for="position">Place in line</label><input id="position" name="position" type="number" min="1" max="99999" inputmode="numeric"></div>
<div><label for="minutes">Minutes left</label><input id="minutes" name="minutes" type="number" min="1" max="99999" inputmode="numeric"></div></div>${button('Send the progress')}`
  return fold('progress', 'Tell the client about the progress', plainForm(view, 'progress', content))
}

/** The form that asks the person; only the oauth profile knows it. */
function askForm(view: RequestView): SafeHtml | undefined {
  const { deferral, visit } = view
  if (deferral.profile !== 'oauth') return undefined
  if (deferral.interaction) {
    const content = safe`<p>The client gets this address for the person: <code>${display(deferral.interaction.uri)}</code></p>${button('Go on without the person')}`
    return fold('ask', 'The person is asked', plainForm(view, 'resume', content))
  }
  const uri = visit.desk.options.interactionUri?.(deferral)
  if (uri === false) return undefined
  const address =
    uri === undefined
      ? safe`<label for="uri">Address of the page</label><input id="uri" name="uri" type="url" required autocomplete="off" placeholder="https://">`
      : undefined
  const content = safe`<p>The client passes an address on to the person, who has to act there. You decide afterwards.</p>${address}${button('Ask the person')}`
  return fold('ask', 'Ask the person', plainForm(view, 'interaction', content))
}

function extendForm(view: RequestView): SafeHtml {
  const content = safe`<label for="hours">Hours from now</label><input id="hours" name="hours" type="number" min="1" max="8760" required inputmode="numeric" value="24">${button('Extend')}`
  return fold('extend', 'Give it more time', plainForm(view, 'extend', content))
}

function cancelForm(view: RequestView): SafeHtml {
  const content = safe`<p>Only for a request that should not exist. To say no, refuse it with a reason.</p>
<div class="actions"><button class="button danger">Cancel the request</button></div>`
  return safe`${fold('cancel', 'Cancel the request', decisionForm(view, 'cancel', content, 'confirm-cancel'))}${confirmDialog('cancel', view)}`
}

/** Everything that decides nothing, and the cancellation. */
export function workCards(view: RequestView): SafeHtml {
  const isOpen = statusOf(view.deferral) === 'pending'
  if (!isOpen) return card('comment', 'Comment', commentForm(view))
  const reserved =
    view.obstacle === undefined && safe`${progressForm(view)}${askForm(view)}${extendForm(view)}${cancelForm(view)}`
  return safe`${card('work', 'Who works on it', assignment(view))}
${card('more', 'Without deciding', safe`${commentForm(view)}${reserved}`)}`
}
