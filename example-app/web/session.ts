import { randomUUID } from 'node:crypto'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import CSRF from 'koa-csrf'
import createSession from 'koa-session'
import { type Html, html } from './html.js'

/**
 * One browser at one of our sites. All of it is in a signed cookie, so every process with the same key knows the session, after a
 * restart too.
 */
export interface Session {
  id: string
  /** The account or the reviewer that signed in. */
  user?: string | undefined
}

const oneDay = 24 * 60 * 60 * 1000

/** Cookies ignore ports: the sites share a host, so each needs a cookie name of its own. */
export function sessions(app: Koa, cookie: string): Middleware {
  return createSession({ key: cookie, maxAge: oneDay, sameSite: 'lax' }, app)
}

/** Gives a new session its id. */
export const identify: Middleware = (ctx, next) => {
  ctx.session.id ??= randomUUID()
  return next()
}

/** Refuses a form without the CSRF token of the session, but for paths that match one of these globs. */
export function csrfProtection(ignoredPathGlobs: string[] = []): Middleware {
  return new CSRF({
    ignoredPathGlobs,
    disableQuery: true,
    errorHandler: (ctx) => ctx.throw(403, 'this form is too old; go back, reload the page and try again'),
  })
}

export function sessionOf(ctx: Context): Session {
  return ctx.session
}

/** Replaces the session, signed in or out. Its id and its CSRF secret change, so no form shown before works any more. */
export function renewSession(ctx: Context, user?: string): void {
  ctx.session = { id: randomUUID(), ...(user && { user }) }
}

/** The hidden field that every form carries. */
export function csrfField(ctx: Context): Html {
  return html`<input type="hidden" name="_csrf" value="${ctx.state._csrf}">`
}
