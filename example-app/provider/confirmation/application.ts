import Router from '@koa/router'
import type Koa from 'koa'
import type { Context } from 'koa'
import type { Deferral, Deferrals } from 'oidc-provider-deferred'
import type { Collection } from '../../storage/collection.js'
import type { HistoryLine } from '../../storage/entries.js'
import { createApplication } from '../../web/application.js'
import { text } from '../../web/form.js'
import { show } from '../../web/page.js'
import { renew, visitOf } from '../../web/visit.js'
import { accountOf } from '../accounts.js'
import { awaitsCustomer, confirmed, customerOf } from '../customer.js'
import { record } from '../history.js'
import { answeredPage, overPage, questionPage, signInPage, strangerPage } from './pages.js'

const cookie = 'harbour_confirm'

export interface ConfirmationOptions {
  deferrals: Deferrals
  history: Collection<HistoryLine>
  /** Signs cookies and CSRF tokens. */
  key: string
}

/** Where the customer is asked about a deferral: the address carries its internal identifier, which opens nothing by itself. */
export function confirmationUri(origin: string, id: string): string {
  return `${origin}/confirm/${id}`
}

type Answer = (ctx: Context, deferral: Deferral, customer: string) => Promise<void>

/** Lets nobody but the customer come to `answer`, and the customer only while the question is open. */
function asked(deferrals: Deferrals, answer: Answer) {
  return async (ctx: Context): Promise<void> => {
    const customer = accountOf(visitOf(ctx).visit.user)?.id
    if (!customer) return show(ctx, signInPage(ctx))
    const deferral = await deferrals.get(String(ctx.params.id))
    if (!deferral || customerOf(deferral) !== customer) return show(ctx, strangerPage(ctx))
    if (!awaitsCustomer(deferral)) return show(ctx, overPage(ctx))
    await answer(ctx, deferral, customer)
  }
}

/** The page an `interaction_uri` leads to. A visit shows it; only a form with the visitor's own CSRF token does anything. */
function routes({ deferrals, history }: ConfirmationOptions): Router {
  const router = new Router({ prefix: '/confirm/:id' })

  router.get(
    '/',
    asked(deferrals, async (ctx, deferral) => show(ctx, questionPage(ctx, deferral))),
  )

  router.post('/sign-in', (ctx) => {
    const { form } = visitOf(ctx)
    const account = accountOf(text(form, 'account'))
    if (!account || !text(form, 'password')) {
      return show(ctx, signInPage(ctx, 'Choose an account and type any password.'))
    }
    renew(ctx, cookie, account.id)
    backToQuestion(ctx)
  })

  router.post('/sign-out', (ctx) => {
    renew(ctx, cookie)
    backToQuestion(ctx)
  })

  // Of any number of answers at once `resume` lets one through: its write demands that the question is still open.
  router.post(
    '/yes',
    asked(deferrals, async (ctx, { id }, customer) => {
      const { changed } = await deferrals.resume(id)
      if (!changed) return show(ctx, overPage(ctx))
      await record(history, id, { event: confirmed, by: customer })
      show(ctx, answeredPage('Thank you', 'We go on with your request. You can close this page.'))
    }),
  )

  router.post(
    '/no',
    asked(deferrals, async (ctx, { id }, customer) => {
      const { changed } = await deferrals.resume(id)
      const refusal = { by: customer, description: 'the customer did not confirm' }
      // A reviewer may have decided in between.
      if (!changed || !(await deferrals.deny(id, refusal)).changed) return show(ctx, overPage(ctx))
      show(ctx, answeredPage('It will not happen', 'You refused the request. You can close this page.'))
    }),
  )

  return router
}

function backToQuestion(ctx: Context): void {
  ctx.status = 303
  ctx.redirect(`/confirm/${ctx.params.id}`)
}

/** Asks customers to confirm. A site of its own, because it needs TLS: the draft wants an https link. */
export function createConfirmation(options: ConfirmationOptions): Koa {
  const door = new Router()
  door.get('/', (ctx) => show(ctx, answeredPage('Nothing to confirm', 'Please open the link you were given.')))
  return createApplication({ site: 'provider', cookie, key: options.key, routers: [door, routes(options)] })
}
