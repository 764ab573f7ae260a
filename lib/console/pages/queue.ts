import type { Deferral } from '../../index.js'
import type { Visit } from '../desk.js'
import { quoted } from '../display.js'
import { type Filter, isNarrowed, searchOf, withStatus } from '../filter.js'
import type { OperatorNames } from '../people.js'
import type { Queue, Row } from '../queue_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { badge, deadline, dueWords, expiryWords, namesOf, type ShownStatus, since, statusNames } from '../words.js'
import { rightsIn } from '../words_of_rights.js'
import { filterForm } from './filter_form.js'
import { showTo } from './layout.js'

const keys = [
  ['j', 'down'],
  ['k', 'up'],
  ['Enter', 'open'],
  ['/', 'search'],
] as const

function countOf(counts: Queue['counts'], status: ShownStatus): SafeHtml | undefined {
  const count = counts?.[status]
  if (count === undefined) return undefined
  const isMore = counts?.more && count >= 10_000
  return safe` <span class="count">${count.toLocaleString('en')}${isMore && '+'}</span>`
}

function tabs(filter: Filter, counts: Queue['counts']): SafeHtml {
  const statuses = Object.keys(statusNames) as ShownStatus[]
  const tab = (status: Filter['status'], name: string, count?: SafeHtml) =>
    safe`<a href="./${searchOf(withStatus(filter, status))}"${status === filter.status && safe` aria-current="page"`}>${name}${count}</a>`
  return safe`<nav class="tabs" aria-label="Status">
${statuses.map((status) => tab(status, statusNames[status], countOf(counts, status)))}${tab('all', 'All')}</nav>`
}

const isOpen = ({ status, expired }: Deferral) => status === 'pending' && !expired

/** Whose it is; of one that is decided, who decided it. */
function assigneeOf({ deferral, obstacle }: Row, visit: Visit, nameOf: OperatorNames): SafeHtml {
  const { assignee } = deferral
  if (!isOpen(deferral))
    return safe`${namesOf(deferral.cancelledBy ?? deferral.decision?.by)
      .map(nameOf)
      .join(', ')}`
  const isMine = assignee?.to === visit.operator.id
  return safe`${assignee && safe`<span class="person${isMine && ' me'}">${isMine ? 'You' : nameOf(assignee.to)}</span>`}
${obstacle !== undefined && safe`<small class="locked" title="${obstacle}">not yours to decide</small>`}`
}

function timesOf({ deferral }: Row, now: Date): SafeHtml {
  const { dueAt, expiresAt, cancelledAt, decision } = deferral
  const decidedAt = cancelledAt ?? decision?.at
  if (!isOpen(deferral)) return safe`${badge(deferral)}${decidedAt && safe`<small>${since(decidedAt, now)}</small>`}`
  return safe`${dueAt && safe`<span class="line">${deadline(dueAt, now, dueWords)}</span>`}
<span class="line soft">${deadline(expiresAt, now, expiryWords)}</span>`
}

function row(entry: Row, visit: Visit, nameOf: OperatorNames): SafeHtml {
  const { deferral, client, person, kind } = entry
  const { id, title, queue, createdAt, interaction, votes = [], quorum = 1 } = deferral
  const now = visit.desk.now()
  const href = `deferrals/${id}${searchOf(visit.filter)}`
  return safe`<tr role="row">
<td role="cell" class="what"><a class="row" href="${href}">${title === undefined ? kind : quoted(title, 120)}</a>
<small>${title === undefined ? rightsIn(visit, deferral.scope) : kind} ${queue !== undefined && safe`<span class="tag">${queue}</span> `}${
    isOpen(deferral) && quorum > 1 && safe`<span class="tag">${votes.length} of ${quorum} approvals</span> `
  }${interaction && isOpen(deferral) && safe`<span class="tag wait">waits for the person</span>`}</small></td>
<td role="cell" class="who">${person === undefined ? safe`<span class="soft">the client itself</span>` : safe`<bdi>${person}</bdi>`}
<small>via ${quoted(client, 80)}</small></td>
<td role="cell" class="when">${timesOf(entry, now)}</td>
<td role="cell" class="age"><span class="narrow-only">asked </span>${since(createdAt, now)}</td>
<td role="cell" class="whose">${assigneeOf(entry, visit, nameOf)}</td>
</tr>`
}

const columnsOfPending = ['Request', 'Person and client', 'Due and expiry', 'Asked', 'Assigned to']
const columnsOfAll = ['Request', 'Person and client', 'State', 'Asked', 'Who']

function table({ rows, isFurther }: Queue, visit: Visit, nameOf: OperatorNames): SafeHtml {
  if (rows.length === 0) {
    const words = isNarrowed(visit.filter)
      ? 'Nothing matches this filter.'
      : isFurther
        ? 'Nothing more.'
        : 'Nothing here. A request appears as soon as a client asks.'
    return safe`<p class="empty">${words}</p>`
  }
  const columns = visit.filter.status === 'pending' ? columnsOfPending : columnsOfAll
  // the roles keep the table a table where narrow screens lay it out otherwise
  return safe`<table role="table" aria-label="Requests">
<thead role="rowgroup"><tr role="row">${columns.map((name) => safe`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map((entry) => row(entry, visit, nameOf))}</tbody>
</table>`
}

function pages({ filter }: Visit, { cursor, isFurther, order }: Queue): SafeHtml | undefined {
  if (!isFurther && cursor === undefined) return undefined
  // a cursor is only good for its order
  return safe`<nav class="pages" aria-label="Pages">
${isFurther && safe`<a class="button quiet" href="./${searchOf(filter)}">First page</a>`}
${cursor !== undefined && safe`<a class="button quiet" href="./${searchOf({ ...filter, order }, { cursor })}" rel="next">Next page</a>`}
</nav>`
}

/** Answers with a page of the queue. */
export function showQueue(visit: Visit, queue: Queue, nameOf: OperatorNames): void {
  const { filter } = visit
  const name = filter.status === 'all' ? 'All requests' : statusNames[filter.status]
  const main = safe`<div class="heading"><h1>Requests</h1></div>
${tabs(filter, queue.counts)}
${filterForm(filter, queue)}
<section class="card flush" aria-label="${name}"${!queue.isFurther && safe` data-live=""`}>${table(queue, visit, nameOf)}</section>
${pages(visit, queue)}
${filter.status === 'pending' && safe`<p class="pages"><a href="batch${searchOf(filter)}">Decide several at once</a></p>`}`
  showTo(visit, { title: name, main, keys, section: 'queue' })
}
