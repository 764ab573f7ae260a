import { quoted } from '../display.js'
import { searchOf } from '../filter.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { badge, deadline, dueWords, expiryWords, since, statusOf } from '../words.js'

/** The address of another request, from this one. */
export function hrefOf({ visit }: RequestView, id: string): string {
  return `${visit.root}deferrals/${id}${searchOf(visit.filter)}`
}

/** What the request is, in which state, and the way on. */
export function heading(view: RequestView): SafeHtml {
  const { visit, deferral, kind, next } = view
  const { title, createdAt, dueAt, expiresAt } = deferral
  const now = visit.desk.now()
  const isOpen = statusOf(deferral) === 'pending'
  return safe`<nav class="crumbs" aria-label="Queue"><a href="${visit.root}${searchOf(visit.filter)}" data-key="u">Back to the queue</a>
${statusOf(deferral) === 'pending' && safe`<a class="narrow-only" href="#decision">To the decision</a>`}
${next && safe`<a href="${hrefOf(view, next.id)}" data-key="n" rel="next">Next request</a>`}</nav>
<div class="heading"><h1>${title === undefined ? kind : quoted(title)}</h1>${badge(deferral)}</div>
<p class="times">${title !== undefined && safe`<span>${kind}</span>`}<span>asked ${since(createdAt, now)}</span>${
    isOpen && dueAt && safe`<span>${deadline(dueAt, now, dueWords)}</span>`
  }${isOpen && safe`<span>${deadline(expiresAt, now, expiryWords)}</span>`}</p>`
}
