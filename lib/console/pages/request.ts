import { display } from '../display.js'
import { searchOf } from '../filter.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { namesOf } from '../words.js'
import { columns } from './columns.js'
import { heading, hrefOf } from './heading.js'
import { keysOf } from './keys.js'
import { showTo } from './layout.js'

const notices: Record<string, string> = {
  approved: 'You approved this request.',
  voted: 'Your approval counts. More people have to approve before the client gets anything.',
  denied: 'You refused this request.',
  cancelled: 'You cancelled this request.',
  taken_back: 'You took the approval back. The client gets nothing, and has to ask again.',
  unvoted: 'You withdrew your approval.',
  assigned: 'It is assigned.',
  unassigned: 'It is nobody\u2019s again.',
  commented: 'Your comment is in the history.',
  progress: 'The client gets this progress text when it polls next.',
  interaction_required: 'The client gets the address for the person when it polls next.',
  resumed: 'It can be decided again without the person.',
  extended: 'It expires later now.',
  notification_replayed: 'The notification is being sent again.',
}

/** Says what the last action came to. Only what the history confirms is said, so no link can put words on the page. */
function notice(view: RequestView): SafeHtml | undefined {
  const { visit, deferral, next } = view
  const done = new URLSearchParams(visit.ctx.querystring).get('done') ?? ''
  if (!Object.hasOwn(notices, done)) return undefined
  const entry = deferral.history.findLast(({ event }) => event === done)
  const isTrue = entry && namesOf(entry.by).includes(visit.operator.id)
  const isOver = deferral.status === done || !['approved', 'denied', 'cancelled'].includes(done)
  if (!isTrue || !isOver) return undefined
  const isClosed = deferral.status !== 'pending' || done === 'voted'
  const go = next
    ? safe`<a class="button" href="${hrefOf(view, next.id)}" data-key="n" autofocus>Next request</a>`
    : safe`<a class="button" href="${visit.root}${searchOf(visit.filter)}" data-key="u" autofocus>Back to the queue</a>`
  return safe`<div class="note" role="status"><p>${notices[done === 'cancelled' && deferral.decision ? 'taken_back' : done]}</p>${isClosed && go}</div>`
}

/** Answers with the page of a request. */
export function showRequest(view: RequestView): void {
  const { visit, deferral, kind } = view
  const shown = safe`<span hidden data-revision="${view.revision}"></span>`
  const main = safe`${heading(view)}${notice(view)}${columns(view)}${shown}`
  showTo(visit, {
    title: deferral.title === undefined ? kind : display(deferral.title, 80),
    main,
    keys: keysOf(view),
  })
}
