import { createHmac, randomBytes } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import { readForm, text } from './form.js'
import { type Html, html } from './html.js'
import { same } from './same.js'

/** What a browser's signed cookie says: who it is for us, and who signed in with it. */
interface Visit {
  id: string
  user?: string | undefined
}

interface VisitState {
  visit: Visit
  csrf: string
  form: FormData
}

const oneDay = 24 * 60 * 60 * 1000

function write(ctx: Context, cookie: string, visit: Visit): void {
  ctx.cookies.set(cookie, [visit.id, visit.user].filter(Boolean).join('.'), {
    signed: true,
    httpOnly: true,
    sameSite: 'lax',
    maxAge: oneDay,
  })
}

function tokenOf(key: string, { id, user }: Visit): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([id, user]))
    .digest('base64url')
}

/**
 * Gives every browser a signed cookie and, on every POST, reads the form and demands the CSRF token that goes with the cookie.
 * Cookies are shared between the ports of one host, hence a name for each application.
 */
export function visits(cookie: string, key: string): Middleware {
  return async (ctx, next) => {
    const [id, user] = ctx.cookies.get(cookie, { signed: true })?.split('.') ?? []
    const visit = { id: id ?? randomBytes(16).toString('base64url'), user }
    if (!id) write(ctx, cookie, visit)
    const csrf = tokenOf(key, visit)
    ctx.state = { ...ctx.state, visit, csrf }
    if (ctx.method === 'POST') {
      const form = await readForm(ctx)
      if (!same(text(form, 'csrf'), csrf))
        ctx.throw(403, 'this form is too old; go back, reload the page and try again')
      ctx.state.form = form
    }
    await next()
  }
}

/** Begins a new visit, signed in or out: the identifier changes, and every form shown before stops working. */
export function renew(ctx: Context, cookie: string, user?: string): void {
  write(ctx, cookie, { id: randomBytes(16).toString('base64url'), user })
}

/** The visit, the CSRF token and the submitted form of this request. */
export function visitOf(ctx: Context): VisitState {
  const { visit, csrf, form } = ctx.state
  return { visit, csrf, form }
}

/** The hidden field that every form carries. */
export function csrfField(ctx: Context): Html {
  return html`<input type="hidden" name="csrf" value="${visitOf(ctx).csrf}">`
}
