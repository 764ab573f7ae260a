import type { Context } from 'koa'
import type { Journey } from '../../storage/entries.js'
import { steps } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import { csrfField } from '../../web/session.js'
import { describeProgress } from '../progress.js'

export interface Checking {
  title: string
  stages: readonly string[]
  desk: string
  text: Html
}

/** The state of the page. When it changes, the script in the page loads the page again. */
export function stateOf(journey: Journey | undefined): string {
  if (!journey) return 'none'
  return journey.interactionUri ? 'confirming' : journey.status
}

function confirmation({ interactionUri }: Journey): Html | undefined {
  if (!interactionUri?.startsWith('https://')) return undefined
  return html`<p><a class="button" href="${interactionUri}" target="_blank" rel="noopener">Confirm that it was you</a></p>`
}

/** The page of a journey that waits. */
export function checking(ctx: Context, journey: Journey, { title, stages, desk, text }: Checking): Html {
  const here = `/${journey.purpose}`
  return html`
${steps(stages, 1)}
<section class="card" id="checking" data-state="${stateOf(journey)}">
<h1>${title}</h1>
${text}
<div class="live"><span class="pulse" aria-hidden="true"></span>
<p id="progress" role="status" aria-live="polite">${describeProgress(journey)}</p></div>
${confirmation(journey)}
<noscript><p><a href="${here}">Look again</a></p></noscript>
<div class="actions"><form method="post" action="${here}/cancel">${csrfField(ctx)}<button class="button quiet">Cancel my request</button></form></div>
</section>
<p class="note">Demo: <a href="${desk}/" target="_blank" rel="noopener">open the reviewer's desk in a new tab</a> and decide.</p>`
}
