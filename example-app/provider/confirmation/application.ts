import Router from '@koa/router'
import type Koa from 'koa'
import type { Context } from 'koa'
import type { Deferral, Deferrals } from 'oidc-provider-deferred'
import type { Collection } from '../../storage/collection.js'
import type { HistoryLine } from '../../storage/entries.js'
import { createApplication } from '../../web/application.js'
import { formOf, text } from '../../web/form.js'
import { show } from '../../web/page.js'
import { renewSession, sessionOf } from '../../web/session.js'
import { accountOf } from '../accounts.js'
import { awaitsCustomer, confirmed, customerOf } from '../customer.js'
import { record } from '../history.js'
import { confirmedPage, doorPage, overPage, questionPage, refusedPage, signInPage, strangerPage } from './pages.js'

const cookie = 'harbour_confirm'

export interface ConfirmationOptions {
  deferrals: Deferrals
  history: Collection<HistoryLine>
  /** Signs cookies. */
  key: string
}

/** Where the customer is asked about a deferral: the address carries its internal identifier, which opens nothing by itself. */
export function confirmationUri(origin: string, id: string): string {
  return `${origin}/confirm/${id}`
}

type Answer = (ctx: Context, deferral: Deferral, customer: string) => Promise<void>

/** Lets nobody but the customer come to `answer`. */
function forCustomer(deferrals: Deferrals, answer: Answer) {
  return async (ctx: Context): Promise<void> => {
    const customer = accountOf(sessionOf(ctx).user)?.id
    if (!customer) return ctx.method === 'POST' ? lookAt(ctx) : show(ctx, signInPage(ctx))
    const deferral = await deferrals.get(String(ctx.params.id))
    if (!deferral || customerOf(deferral) !== customer) return show(ctx, strangerPage(ctx))
    await answer(ctx, deferral, customer)
  }
}

/** Lets the customer come to `answer` only while the question is open. */
function asked(deferrals: Deferrals, answer: Answer) {
  return forCustomer(deferrals, async (ctx, deferral, customer) => {
    if (awaitsCustomer(deferral)) return answer(ctx, deferral, customer)
    if (ctx.method === 'POST') return lookAt(ctx)
    show(ctx, overPage(ctx))
  })
}

/** The page an `interaction_uri` leads to. A visit shows it; only a form with the visitor's own CSRF token does anything. */
function routes({ deferrals, history }: ConfirmationOptions): Router {
  const router = new Router({ prefix: '/confirm/:id' })

  router.get(
    '/',
    asked(deferrals, async (ctx, deferral) => show(ctx, questionPage(ctx, deferral))),
  )

  router.post('/sign-in', (ctx) => {
    const form = formOf(ctx)
    const account = accountOf(text(form, 'account'))
    if (!account || !text(form, 'password')) {
      return show(ctx, signInPage(ctx, 'Choose an account and type any password.'))
    }
    renewSession(ctx, account.id)
    lookAt(ctx)
  })

  router.post('/sign-out', (ctx) => {
    renewSession(ctx)
    lookAt(ctx)
  })

  // Of any number of answers at once `resume` lets one through: its write demands that the question is still open.
  router.post(
    '/yes',
    asked(deferrals, async (ctx, { id }, customer) => {
      const { changed } = await deferrals.resume(id)
      if (changed) await record(history, id, { event: confirmed, by: customer })
      lookAt(ctx, changed ? '/confirmed' : '')
    }),
  )

  router.post(
    '/no',
    asked(deferrals, async (ctx, { id }, customer) => {
      const { changed } = await deferrals.resume(id)
      const refusal = { by: customer, description: 'the customer did not confirm' }
      // A reviewer may have decided in between.
      const isRefused = changed && (await deferrals.deny(id, refusal)).changed
      lookAt(ctx, isRefused ? '/refused' : '')
    }),
  )

  return router
}

/** The pages after an answer. They read the record, so that no link can claim an answer. */
function results({ deferrals, history }: ConfirmationOptions): Router {
  const router = new Router({ prefix: '/confirm/:id' })

  router.get(
    '/confirmed',
    forCustomer(deferrals, async (ctx, deferral, customer) => {
      if (awaitsCustomer(deferral)) return lookAt(ctx)
      const { id: deferralId, status, expired } = deferral
      const lines = await history.find({ deferralId, event: confirmed, by: customer })
      show(ctx, status === 'pending' && !expired && lines.length > 0 ? confirmedPage() : overPage(ctx))
    }),
  )

  router.get(
    '/refused',
    forCustomer(deferrals, async (ctx, deferral, customer) => {
      if (awaitsCustomer(deferral)) return lookAt(ctx)
      const { status, decision } = deferral
      show(ctx, status === 'denied' && decision?.by === customer ? refusedPage() : overPage(ctx))
    }),
  )

  return router
}

/** Answers a form with a redirect, so that loading the page again sends nothing again. */
function lookAt(ctx: Context, page = ''): void {
  ctx.status = 303
  ctx.redirect(`/confirm/${ctx.params.id}${page}`)
}

/** Asks customers to confirm. A site of its own, because it needs TLS: the draft wants an https link. */
export function createConfirmation(options: ConfirmationOptions): Koa {
  const door = new Router()
  door.get('/', (ctx) => show(ctx, doorPage()))
  const routers = [door, routes(options), results(options)]
  return createApplication({ site: 'provider', cookie, key: options.key, routers })
}
