import type { Middleware } from 'koa'
import { html } from './html.js'
import { type Page, show } from './page.js'

/** Turns whatever goes wrong into a page a person can read; what only the operator should know goes to the log. */
export function errorPages(site: Page['site'], log: (error: unknown) => void): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) ctx.throw(404, 'there is no such page')
    } catch (error) {
      const exposed = error instanceof Error && 'expose' in error && error.expose === true
      const status =
        error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500
      if (!exposed) log(error)
      const reason = exposed && error instanceof Error ? error.message : 'something went wrong on our side'
      show(ctx, {
        site,
        title: 'That did not work',
        status,
        narrow: true,
        main: html`
<section class="card">
<h1>That did not work</h1>
<p>${reason[0]?.toUpperCase()}${reason.slice(1)}.</p>
<p><a class="button quiet" href="/">Back to the start</a></p>
</section>`,
      })
    }
  }
}
