import type { Middleware } from 'koa'
import { html } from './html.js'
import { type Page, show } from './page.js'

/** Members of Koa's and oidc-provider's errors. Other errors have none of them. */
interface HttpFailure {
  status?: number
  expose?: boolean
  error_description?: string
  message?: string
}

function errorPage(site: Page['site'], { status = 500, expose, error_description, message }: HttpFailure): Page {
  const reason = (expose && (error_description ?? message)) || 'something went wrong on our side'
  const main = html`
<section class="card">
<h1>That did not work</h1>
<p>${reason[0]?.toUpperCase()}${reason.slice(1)}.</p>
<p><a class="button quiet" href="/">Back to the start</a></p>
</section>`
  return { site, title: 'That did not work', status, narrow: true, main }
}

/** Answers every error with a page. The page shows the message only when the error allows it; all other errors go to the log. */
export function errorPages(site: Page['site'], log: (error: unknown) => void): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) ctx.throw(404, 'there is no such page')
    } catch (error) {
      const failure: HttpFailure = error instanceof Error ? error : {}
      if (!failure.expose) log(error)
      show(ctx, errorPage(site, failure))
    }
  }
}
