import type { JsonObject } from '../../index.js'
import { detailWords } from '../details.js'
import { display, displayJson, quoted } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { card, facts, source } from './layout.js'

interface Words {
  label: SafeHtml
  detail: string | undefined
}

// they may repeat what the client says
const cleaned = ({ label, detail }: { label: string; detail?: string }): Words => ({
  label: quoted(label, 100),
  detail: detail === undefined ? undefined : display(detail),
})

/** A scope in the integrator's words; without them its name. */
export function scopeWords({ visit }: RequestView, scope: string): Words {
  return cleaned(visit.desk.options.texts?.scope?.(scope) ?? { label: scope })
}

/** A resource in the integrator's words; without them its URL. An address is shown, never linked: it is the client's. */
export function resourceWords({ visit }: RequestView, uri: string): Words {
  const words = visit.desk.options.texts?.resource?.(uri)
  return words ? cleaned(words) : { label: safe`<code>${quoted(uri, 100)}</code>`, detail: undefined }
}

function sentence({ client, person }: RequestView): SafeHtml {
  const name = safe`<strong>${quoted(client, 80)}</strong>`
  if (person === undefined) return safe`<p class="lead">${name} asks for access of its own.</p>`
  return safe`<p class="lead">${name} asks to act for <strong><bdi>${person}</bdi></strong>.</p>`
}

function scopes(view: RequestView): SafeHtml | undefined {
  const { scope } = view.deferral
  if (scope.length === 0) return undefined
  return safe`<h3>What it wants to do</h3><ul class="rights">${scope.map((name) => {
    const { label, detail } = scopeWords(view, name)
    return safe`<li><strong>${label}</strong>${detail && safe`<small>${detail}</small>`}</li>`
  })}</ul>`
}

function resources(view: RequestView): SafeHtml | undefined {
  const { resource } = view.deferral
  if (resource.length === 0) return undefined
  return safe`<h3>Where</h3><ul class="rights">${resource.map((uri) => {
    const { label, detail } = resourceWords(view, uri)
    return safe`<li><strong>${label}</strong>${detail && safe`<small>${detail}</small>`}</li>`
  })}</ul>`
}

/** One entry of `authorization_details`. */
function detail({ visit }: RequestView, entry: JsonObject): SafeHtml {
  const { type, facts: rows } = detailWords(visit.desk, entry)
  return safe`<h3><bdi>${type}</bdi></h3>${facts(rows.map(([name, value]) => [name, safe`<bdi>${value}</bdi>`] as const))}`
}

/** JSON as it is, folded. */
export function raw(title: string, value: unknown): SafeHtml | undefined {
  const isEmpty =
    value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  if (isEmpty) return undefined
  return safe`<details class="raw"><summary>${title}</summary><pre tabindex="0"><code>${displayJson(value)}</code></pre></details>`
}

/** What is asked, in words. All of it is the client's. */
export function askedCard(view: RequestView): SafeHtml {
  const { scope, resource, authorizationDetails = [], claims } = view.deferral
  const request = {
    scope,
    ...(resource.length > 0 && { resource }),
    ...(authorizationDetails.length > 0 && { authorizationDetails }),
    ...(claims && { claims }),
  }
  return card(
    'asked',
    'What is asked',
    safe`${sentence(view)}${authorizationDetails.map((entry) => detail(view, entry))}${scopes(view)}${resources(view)}${raw('The request as JSON', request)}`,
    source('client'),
  )
}
