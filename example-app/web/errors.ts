import type { Middleware } from 'koa'
import { html } from './html.js'
import { type Page, show } from './page.js'

/** What an error says of itself: Koa's and the host's do, others do not. */
interface Told {
  status?: number
  expose?: boolean
  error_description?: string
  message?: string
}

function errorPage(site: Page['site'], { status = 500, expose, error_description, message }: Told): Page {
  const reason = (expose && (error_description ?? message)) || 'something went wrong on our side'
  const main = html`
<section class="card">
<h1>That did not work</h1>
<p>${reason[0]?.toUpperCase()}${reason.slice(1)}.</p>
<p><a class="button quiet" href="/">Back to the start</a></p>
</section>`
  return { site, title: 'That did not work', status, narrow: true, main }
}

/** Turns whatever goes wrong into a page a person can read; what only the operator should know goes to the log. */
export function errorPages(site: Page['site'], log: (error: unknown) => void): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) ctx.throw(404, 'there is no such page')
    } catch (error) {
      const told: Told = error instanceof Error ? error : {}
      if (!told.expose) log(error)
      show(ctx, errorPage(site, told))
    }
  }
}
