import type { Context, Middleware } from 'koa'
import { type Desk, rootOf } from './desk.js'
import { display } from './display.js'
import { report, shownOf } from './faults.js'
import { show } from './pages/layout.js'
import { type SafeHtml, safe } from './safe.js'

/** A page that says what did not work. */
export function showProblem(ctx: Context, desk: Desk, status: number, reason: string, more?: SafeHtml): void {
  const root = rootOf(ctx)
  const text = display(reason)
  const title = status === 401 ? 'Nobody is signed in' : 'That did not work'
  const main = safe`<section class="card problem">
<h1>${title}</h1>
<p>${text.charAt(0).toUpperCase()}${text.slice(1)}.</p>
${more ?? safe`<p><a class="button quiet" href="${root}">To the queue</a></p>`}
</section>`
  show(ctx, desk, { root, title, status, narrow: true, main })
}

/** Answers every error with a page. Only a message that is meant for the sender is shown; all other errors go to the log. */
export function errorPages(desk: Desk): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) ctx.throw(404, 'there is no such page')
    } catch (error) {
      const shown = shownOf(error)
      if (!shown) report(ctx, error)
      showProblem(ctx, desk, shown?.status ?? 500, shown?.text || 'something went wrong on our side')
    }
  }
}
