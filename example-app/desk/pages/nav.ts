import type { Context } from 'koa'
import { type Html, html } from '../../web/html.js'
import { csrfField, visitOf } from '../../web/visit.js'

export function reviewerNav(ctx: Context): Html {
  return html`<a href="/">Requests</a>
<form method="post" action="/sign-out">${csrfField(ctx)}<button class="link">Sign out ${visitOf(ctx).visit.user}</button></form>`
}
