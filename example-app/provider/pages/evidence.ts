import type { Context } from 'koa'
import { problemNote, steps } from '../../web/card.js'
import { html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/session.js'
import { kinds } from '../evidence.js'
import type { Step } from './sign_in.js'

export function evidencePage(ctx: Context, { uid, stages, problem }: Step): Page {
  const main = html`
${steps(stages, 1)}
<section class="card">
<h1>Show a document</h1>
<p class="lead">A person compares it with the data of your account. The picture stays with Harbour ID. The bank never receives it.</p>
${problemNote(problem)}
<form method="post" action="/interaction/${uid}/evidence" enctype="multipart/form-data">
${csrfField(ctx)}
<label for="kind">Kind of document</label>
<select id="kind" name="kind">${Object.entries(kinds).map(([kind, label]) => html`<option value="${kind}">${label}</option>`)}</select>
<label for="picture">Picture of the page with your photo</label>
<input id="picture" name="picture" type="file" accept="image/png,image/jpeg,image/webp" required aria-describedby="picture-hint">
<p class="hint" id="picture-hint">PNG, JPEG or WebP, at most 4 MB.</p>
<div class="frame"><img id="preview" alt="The picture you chose" hidden><p id="no-preview">Your picture will appear here</p></div>
<div class="actions">
<button class="button">Continue</button>
<button class="button quiet" name="sample" value="yes" formnovalidate>Use our sample passport</button>
</div>
</form>
</section>
<form class="aside" method="post" action="/interaction/${uid}/decline">${csrfField(ctx)}<button class="link">Cancel and go back</button></form>`
  return { site: 'provider', title: 'Show a document', narrow: true, script: 'evidence.js', main }
}
