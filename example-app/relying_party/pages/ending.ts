import type { Context } from 'koa'
import type { Purpose } from '../../storage/entries.js'
import { type Html, html } from '../../web/html.js'
import { csrfField } from '../../web/session.js'

export interface Ending {
  purpose: Purpose
  tone: 'good' | 'bad' | 'plain'
  title: string
}

/** The page of a journey that has ended. */
export function endingCard(ctx: Context, { purpose, tone, title }: Ending, text: Html): Html {
  return html`
<section class="card ${tone}">
<span class="sign" aria-hidden="true"></span>
<h1>${title}</h1>
${text}
<div class="actions"><form method="post" action="/${purpose}">${csrfField(ctx)}<button class="button">Start again</button></form><a class="button quiet" href="/">Back to the start</a></div>
</section>`
}
