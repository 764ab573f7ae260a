import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { statusOf } from '../words.js'
import { askedCard } from './asked.js'
import { decisionCards } from './decide.js'
import { knownCard } from './known.js'
import { card, source } from './layout.js'
import { outcomeCard } from './outcome.js'
import { historyCard } from './timeline.js'
import { workCards } from './work.js'

/** The two columns of the page of a request: what it is, and what to do about it. */
export function columns(view: RequestView): SafeHtml {
  const { deferral, panels } = view
  const isOpen = statusOf(deferral) === 'pending'
  return safe`<div class="columns">
<div>${askedCard(view)}${panels.map((panel, index) => card(`panel-${index}`, panel.title, panel.html, source(panel.source)))}${knownCard(view)}${historyCard(view)}</div>
<div id="decision" tabindex="-1">${isOpen ? decisionCards(view) : outcomeCard(view)}${workCards(view)}</div>
</div>`
}
