import Router from '@koa/router'
import type Koa from 'koa'
import type { Context } from 'koa'
import type { Deferrals, Reviewed } from 'oidc-provider-deferred'
import { createApplication } from '../../web/application.js'
import { formOf, text } from '../../web/form.js'
import { show } from '../../web/page.js'
import { renewSession, sessionOf } from '../../web/session.js'
import { accountOf } from '../accounts.js'
import { awaitsCustomer, confirmationOf, customerOf } from '../customer.js'
import { type PhoneOptions, phone } from '../phone/application.js'
import {
  closedPage,
  confirmedPage,
  noLinkPage,
  questionPage,
  refusedPage,
  signInPage,
  wrongCustomerPage,
} from './pages.js'

const cookie = 'harbour_confirm'

export interface ConfirmationOptions extends PhoneOptions {
  deferrals: Deferrals
  /** Signs cookies. */
  key: string
}

/** The page that asks the customer about a deferral. The address has the internal id, which gives no access. */
export function confirmationUri(origin: string, id: string): string {
  return `${origin}/confirm/${id}`
}

type Answer = (ctx: Context, deferral: Reviewed, customer: string) => Promise<void>

/** Calls `answer` for the customer of the deferral only. */
function forCustomer(deferrals: Deferrals, answer: Answer) {
  return async (ctx: Context): Promise<void> => {
    const customer = accountOf(sessionOf(ctx).user)?.id
    if (!customer) return ctx.method === 'POST' ? redirectTo(ctx) : show(ctx, signInPage(ctx))
    const deferral = await deferrals.get(String(ctx.params.id))
    if (!deferral || customerOf(deferral) !== customer) return show(ctx, wrongCustomerPage(ctx))
    await answer(ctx, deferral, customer)
  }
}

/** Calls `answer` only while the question is open. */
function whileOpen(deferrals: Deferrals, answer: Answer) {
  return forCustomer(deferrals, async (ctx, deferral, customer) => {
    if (awaitsCustomer(deferral)) return answer(ctx, deferral, customer)
    if (ctx.method === 'POST') return redirectTo(ctx)
    show(ctx, closedPage(ctx))
  })
}

/** The page of an `interaction_uri`. Opening it changes nothing. Only a form with the CSRF token of the session does. */
function routes({ deferrals }: ConfirmationOptions): Router {
  const router = new Router({ prefix: '/confirm/:id' })

  router.get(
    '/',
    whileOpen(deferrals, async (ctx, deferral) => show(ctx, questionPage(ctx, deferral))),
  )

  router.post('/sign-in', (ctx) => {
    const form = formOf(ctx)
    const account = accountOf(text(form, 'account'))
    if (!account || !text(form, 'password')) {
      return show(ctx, signInPage(ctx, 'Choose an account and type any password.'))
    }
    renewSession(ctx, account.id)
    redirectTo(ctx)
  })

  router.post('/sign-out', (ctx) => {
    renewSession(ctx)
    redirectTo(ctx)
  })

  // `resume` writes only while the question is open, so one of several simultaneous answers wins.
  router.post(
    '/yes',
    whileOpen(deferrals, async (ctx, { id }, customer) => {
      const { changed } = await deferrals.resume(id, { by: customer })
      redirectTo(ctx, changed ? '/confirmed' : '')
    }),
  )

  router.post(
    '/no',
    whileOpen(deferrals, async (ctx, { id }, customer) => {
      const { changed } = await deferrals.resume(id, { by: customer })
      const refusal = { by: customer, description: 'the customer did not confirm' }
      // A reviewer may decide in between.
      const isRefused = changed && (await deferrals.deny(id, refusal)).changed
      redirectTo(ctx, isRefused ? '/refused' : '')
    }),
  )

  return router
}

/** The pages after an answer. They read the deferral, so no link can claim an answer. */
function results({ deferrals }: ConfirmationOptions): Router {
  const router = new Router({ prefix: '/confirm/:id' })

  router.get(
    '/confirmed',
    forCustomer(deferrals, async (ctx, deferral) => {
      if (awaitsCustomer(deferral)) return redirectTo(ctx)
      const { status, expired } = deferral
      show(ctx, status === 'pending' && !expired && confirmationOf(deferral) ? confirmedPage() : closedPage(ctx))
    }),
  )

  router.get(
    '/refused',
    forCustomer(deferrals, async (ctx, deferral, customer) => {
      if (awaitsCustomer(deferral)) return redirectTo(ctx)
      const { status, decision } = deferral
      show(ctx, status === 'denied' && decision?.by === customer ? refusedPage() : closedPage(ctx))
    }),
  )

  return router
}

/** Answers a form with a redirect, so that reloading the page does not send the form again. */
function redirectTo(ctx: Context, page = ''): void {
  ctx.status = 303
  ctx.redirect(`/confirm/${ctx.params.id}${page}`)
}

/** Asks customers to confirm. A site of its own with TLS, because the draft requires an https link. */
export function createConfirmation(options: ConfirmationOptions): Koa {
  const home = new Router()
  home.get('/', (ctx) => show(ctx, noLinkPage()))
  const routers = [home, routes(options), results(options), phone(options)]
  return createApplication({ site: 'provider', cookie, key: options.key, routers })
}
