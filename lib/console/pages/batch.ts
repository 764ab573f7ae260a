import type { BatchResult } from '../batch/decide.js'
import type { Visit } from '../desk.js'
import { display, quoted } from '../display.js'
import { searchOf } from '../filter.js'
import type { Row } from '../queue_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { deadline, dueWords } from '../words.js'
import { rightsIn } from '../words_of_rights.js'
import { enterDoesNothing } from './forms.js'
import { showTo } from './layout.js'

/** What can be ticked. */
export interface Batch {
  rows: readonly (Row & { revision: string })[]
  /** more are not offered */
  most: number
  /** the form that decided nothing */
  form: URLSearchParams | undefined
  problem: string | undefined
}

function row(visit: Visit, entry: Batch['rows'][number], form: URLSearchParams | undefined): SafeHtml {
  const { deferral, revision, kind, person, client } = entry
  const { id, title, scope, dueAt } = deferral
  const value = `${id} ${revision}`
  const isTicked = form?.getAll('ticked').includes(value)
  const name = title === undefined ? safe`${kind}` : quoted(title, 120)
  return safe`<tr role="row"><td role="cell"><input type="checkbox" id="tick-${id}" name="ticked" value="${value}"${isTicked && safe` checked`}></td>
<td role="cell" class="what"><label for="tick-${id}">${name}</label> <small>${kind}: ${rightsIn(visit, scope)}</small></td>
<td role="cell" class="who"><bdi>${person ?? 'the client itself'}</bdi> <small>via ${quoted(client, 80)}</small></td>
<td role="cell">${dueAt && deadline(dueAt, visit.desk.now(), dueWords)}</td>
<td role="cell"><a class="row" href="deferrals/${id}" aria-label="Open: ${display(title ?? id, 120)}">Open</a></td></tr>`
}

const heads = ['Tick', 'Request', 'Person and client', 'Due', 'Page']

function table(visit: Visit, { rows, form }: Batch): SafeHtml {
  return safe`<section class="card flush" aria-label="Requests to tick"><table role="table" aria-label="Requests">
<thead role="rowgroup"><tr role="row">${heads.map((name) => safe`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map((entry) => row(visit, entry, form))}</tbody></table></section>`
}

function area(name: string, label: string, form: URLSearchParams | undefined, longest: number): SafeHtml {
  return safe`<div class="field"><label for="${name}">${label}</label>
<textarea id="${name}" name="${name}" rows="2" maxlength="${longest}">${form?.get(name) ?? ''}</textarea></div>`
}

/** Answers with the requests that can be decided together. */
export function showBatch(visit: Visit, batch: Batch): void {
  const { rows, most, form, problem } = batch
  const back = safe`<p><a href="./${searchOf(visit.filter)}">To the queue</a></p>`
  const note =
    problem !== undefined &&
    safe`<div class="note problem" role="alert"><p><strong>Nothing changed:</strong> ${problem}.</p></div>`
  const content =
    rows.length === 0
      ? safe`<p class="empty">There is nothing that you may decide.</p>`
      : safe`<form method="post" action="batch${searchOf(visit.filter)}">${enterDoesNothing}${table(visit, batch)}
<section class="card" aria-label="Decide">${area('note', 'Note for colleagues; the client never reads it', form, 2000)}
${area('reason', 'Reason of a refusal; the client reads it', form, 1000)}
<div class="buttons"><button class="button danger" name="verb" value="deny">Refuse all that are ticked</button></div>
<p><label><input type="checkbox" name="confirmed" value="yes"> I have looked at the ticked ones. They ask for the same thing</label></p>
<div class="buttons"><button class="button" name="verb" value="approve">Approve all that are ticked</button></div></section></form>`
  const main = safe`<div class="heading"><h1>Several at once</h1></div>${note}
<p class="soft intro">Tick requests of one kind. The first ${most} of the filter that you may decide are listed. Each becomes a decision of its own.</p>${content}${back}`
  showTo(visit, { title: 'Several at once', status: problem === undefined ? 200 : 422, main })
}

/** Says what became of each. */
export function showResults(visit: Visit, results: readonly BatchResult[]): void {
  const done = results.filter(({ isDone }) => isDone).length
  const lines = results.map(({ id, deferral, isDone, words }) => {
    const name = deferral
      ? safe`<a href="deferrals/${id}">${quoted(deferral.title ?? id, 120)}</a>`
      : safe`${display(id, 40)}`
    return safe`<li><span class="badge ${isDone ? 'approved' : 'failed'}">${isDone ? 'Done' : 'Not done'}</span> ${name}: ${quoted(words)}</li>`
  })
  const main = safe`<div class="heading"><h1>${done} of ${results.length} done</h1></div>
<section class="card" aria-label="Results"><ul class="results">${lines}</ul></section>
<p><a class="button quiet" href="./${searchOf(visit.filter)}">To the queue</a></p>`
  showTo(visit, { title: 'Results', main })
}
