import { ages, assignees, type Filter, isNarrowed, orders, ordersOf, searchOf } from '../filter.js'
import type { Queue } from '../queue_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { kindName, kindOf, kindsOfRequest } from '../words.js'

function select(
  name: string,
  label: string,
  options: readonly (readonly [string, string])[],
  current: string | undefined,
): SafeHtml {
  const entries = options.map(
    ([value, words]) => safe`<option value="${value}"${value === current && safe` selected`}>${words}</option>`,
  )
  return safe`<div class="field"><label for="${name}">${label}</label><select id="${name}" name="${name}">${entries}</select></div>`
}

function input(name: string, label: string, value: string | undefined, values: readonly string[] = []): SafeHtml {
  const list = values.length > 0
  return safe`<div class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" maxlength="200" autocomplete="off" spellcheck="false" value="${value}"${
    list && safe` list="${name}-values"`
  }>${list && safe`<datalist id="${name}-values">${values.map((one) => safe`<option value="${one}"></option>`)}</datalist>`}</div>`
}

const distinct = (values: readonly (string | undefined)[]) =>
  [...new Set(values)].filter((value) => value !== undefined)

/** The kinds to choose from: those that the library knows, those on this page, the present one. */
function kindsFor(filter: Filter, { rows }: Queue): (readonly [string, string])[] {
  const kinds = distinct([...kindsOfRequest, ...rows.map(({ deferral }) => kindOf(deferral)), filter.kind])
  return [['', 'Any kind'], ...kinds.map((kind) => [kind, kindName(kind)] as const)]
}

/** The form with the filter. It is sent with GET, so every view has an address. */
export function filterForm(filter: Filter, queue: Queue): SafeHtml {
  const { status, order, text, assignee, kind, age, younger, client, person } = filter
  const isPending = status === 'pending'
  const deferrals = queue.rows.map(({ deferral }) => deferral)
  const hasMore = Boolean(age || younger || client || person || filter.queue || kind)
  const orderNames = ordersOf(status).map((name) => [name, orders[name]] as const)
  const anyOf = (names: Record<string, string>, any: string) =>
    [['', any], ...Object.entries(names)] as [string, string][]
  return safe`<form class="filter" method="get" action="./" role="search" aria-label="Filter">
${!isPending && safe`<input type="hidden" name="status" value="${status}">`}
${isPending && input('text', 'Title, client, person or id begins with', text)}
${isPending && select('assignee', 'Assigned to', anyOf(assignees, 'Anybody'), assignee)}
${select('order', 'Order', orderNames, order ?? queue.order)}
<details${hasMore && safe` open`}><summary>More filters</summary><div class="more">
${select('kind', 'Kind', kindsFor(filter, queue), kind)}
${select('age', 'Older than', anyOf(ages, 'Any age'), age)}
${select('younger', 'Not older than', anyOf(ages, 'Any age'), younger)}
${input('queue', 'Queue', filter.queue, distinct(deferrals.map((deferral) => deferral.queue)))}
${input('client', 'Client id', client, distinct(deferrals.map(({ clientId }) => clientId)))}
${input('person', 'Account of the person', person)}
</div></details>
<div class="buttons"><button class="button quiet">Filter</button>
${isNarrowed(filter) && safe`<a class="button link" href="./${searchOf({ status })}">Clear</a>`}</div>
</form>`
}
