import { type DetailInput, inputsOf } from '../detail_inputs.js'
import { detailWords } from '../details.js'
import { display } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { resourceWords, scopeWords } from './asked.js'

/** The one right that nobody can take away: there is no sign-in without it. */
const indispensable = 'openid'

interface Choice {
  label: SafeHtml
  detail?: SafeHtml | string | undefined
  isFixed?: boolean
  /** values to lower */
  inputs?: DetailInput[]
}

/** What somebody had typed before, else what was asked for. */
function typedIn({ draft }: RequestView, { name, asked }: DetailInput): string {
  return draft?.has(name) ? display(draft.get(name) ?? '', 200) : asked
}

const attributes = {
  text: safe`type="text"`,
  decimal: safe`type="text" inputmode="decimal"`,
  date: safe`type="date"`,
}

function inputLine(view: RequestView, input: DetailInput): SafeHtml {
  const { name, label, asked, type } = input
  return safe`<div><label for="${name}">${label} <span class="optional">asked for: ${asked}</span></label>
<input id="${name}" name="${name}" ${attributes[type]} maxlength="200" autocomplete="off" value="${typedIn(view, input)}" data-asked="${asked}"></div>`
}

function box(view: RequestView, name: string, choice: Choice, value: number): SafeHtml {
  const { label, detail, isFixed, inputs = [] } = choice
  return safe`<div class="choice"><label class="check"><input type="checkbox" name="${name}" value="${value}"${isTicked(view, name, value) && safe` checked`}${isFixed && safe` disabled`}>
<span><strong>${label}</strong>${(detail || isFixed) && safe`<small>${detail}${detail && isFixed && ', '}${isFixed && 'always included'}</small>`}</span></label>${
    isFixed && safe`<input type="hidden" name="${name}" value="${value}">`
  }${inputs.length > 0 && safe`<div class="lower">${inputs.map((input) => inputLine(view, input))}</div>`}</div>`
}

/** Everything is ticked, but what the form before left out. */
function isTicked({ draft }: RequestView, name: string, value: number): boolean {
  return !draft?.getAll('offered').includes(name) || draft.getAll(name).includes(String(value))
}

function group(view: RequestView, name: string, legend: string, choices: Choice[]): SafeHtml | undefined {
  if (choices.length === 0) return undefined
  return safe`<fieldset><legend>${legend}</legend><input type="hidden" name="offered" value="${name}">${choices.map((choice, at) => box(view, name, choice, at))}</fieldset>`
}

/** Everything that was asked for, to tick off or to lower. */
export function choices(view: RequestView): SafeHtml {
  const { visit, deferral } = view
  const { scope, resource, authorizationDetails = [] } = deferral
  const scopes = scope.map((name) => ({ ...scopeWords(view, name), isFixed: name === indispensable }))
  const resources = resource.map((uri) => resourceWords(view, uri))
  const details = authorizationDetails.map((entry, at) => {
    const { type, summary } = detailWords(visit.desk, entry)
    const inputs = inputsOf(visit.desk, entry, at)
    return { label: safe`<bdi>${type}</bdi>`, detail: safe`<bdi>${summary}</bdi>`, inputs }
  })
  return safe`${group(view, 'details', 'Details', details)}${group(view, 'scope', 'Rights', scopes)}${group(view, 'resource', 'Where', resources)}`
}
