import type { Context } from 'koa'
import { type Html, html } from '../../web/html.js'
import { csrfField, sessionOf } from '../../web/session.js'
import { reviewerNamed } from '../reviewers.js'

export function reviewerNav(ctx: Context): Html {
  const reviewer = reviewerNamed(sessionOf(ctx).user)
  return html`<a href="/">Requests</a><a href="/notifications">Notifications</a>
<form method="post" action="/sign-out">${csrfField(ctx)}<button class="link">Sign out ${reviewer?.name}, ${reviewer?.title}</button></form>`
}
