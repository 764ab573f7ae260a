import { displayLines } from '../display.js'
import { searchOf } from '../filter.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'

/**
 * The first button of a form that decides something. Browsers press the first button when somebody types Enter. A disabled button
 * does not stop them: Enter in a checkbox still submits. This button closes the dialog around the form, and there is no dialog.
 */
export const enterDoesNothing = safe`<button formmethod="dialog" formnovalidate hidden></button>`

/** The address that does this to the request, from its page. */
export function actionOf({ visit, deferral }: RequestView, verb: string): string {
  return `${visit.root}deferrals/${deferral.id}/${verb}${searchOf(visit.filter)}`
}

/** What somebody had typed into a field of a form that decided nothing. */
export function draftOf({ draft }: RequestView, name: string): string | undefined {
  const text = draft?.get(name)
  return text ? displayLines(text, 2000) : undefined
}

/** The next request, so that the way through the queue goes on after the decision. */
function nextField({ next }: RequestView): SafeHtml | undefined {
  return next && safe`<input type="hidden" name="next" value="${next.id}">`
}

/** A form that decides. It carries the state that its sender has seen. */
export function decisionForm(view: RequestView, verb: string, content: SafeHtml, confirm?: string): SafeHtml {
  return safe`<form method="post" action="${actionOf(view, verb)}"${confirm !== undefined && safe` data-confirm="${confirm}"`}>${enterDoesNothing}
<input type="hidden" name="revision" value="${view.revision}"><input type="hidden" name="confirmed" value="">${nextField(view)}
${content}</form>`
}

/** A form that decides nothing. */
export function plainForm(view: RequestView, verb: string, content: SafeHtml): SafeHtml {
  return safe`<form method="post" action="${actionOf(view, verb)}">${content}</form>`
}
