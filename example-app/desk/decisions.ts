import Router from '@koa/router'
import type { Context } from 'koa'
import type { Deferral, Deferrals, JsonObject } from 'oidc-provider-deferred'
import { confirmationUri } from '../provider/confirmation/application.js'
import { requestedPayment } from '../provider/customer.js'
import { record } from '../provider/history.js'
import { cents } from '../provider/money.js'
import { detailOf, type Payment } from '../provider/payment.js'
import { text, texts } from '../web/form.js'
import { leaveNotice } from '../web/notice.js'
import { visitOf } from '../web/visit.js'
import type { DeskOptions } from './options.js'
import { indispensable } from './pages/decision.js'
import { deskCookie, mayApprove, reviewerNamed } from './reviewers.js'

type Outcome = Awaited<ReturnType<Deferrals['approve']>>

/** A number the reviewer may leave out. */
function number(form: FormData, name: string): number | undefined {
  const value = Number(text(form, name))
  return Number.isInteger(value) && value > 0 ? value : undefined
}

function tell(ctx: Context, notice: string): void {
  ctx.status = 303
  leaveNotice(ctx, deskCookie, String(ctx.params.id), notice)
  ctx.redirect(`/deferrals/${ctx.params.id}`)
}

/** The rights that are left; a sign-in without its identity would be none. */
function rightsOf({ scope: asked }: Deferral, form: FormData): { scope: string[] } {
  return { scope: [...asked.filter((name) => name === indispensable), ...texts(form, 'scope')] }
}

/** The payment with the amount of the form. */
function lessOf(payment: Payment, form: FormData): { authorizationDetails: JsonObject[] } | undefined {
  const sum = cents(text(form, 'amount'))
  return sum ? { authorizationDetails: [detailOf({ ...payment, sum })] } : undefined
}

/** Acts, and says on the next page whether it took effect. */
async function carryOut(
  ctx: Context,
  notice: string,
  act: () => Promise<Outcome>,
  otherwise = 'conflict',
): Promise<boolean> {
  const told = await act().then(
    (outcome) => (outcome.changed ? notice : otherwise),
    (error) => {
      if (error instanceof RangeError) return 'widened'
      if (error.code === 'ERR_DEFERRAL_NOT_FOUND') return ctx.throw(404, 'there is no such request')
      throw error
    },
  )
  tell(ctx, told)
  return told === notice
}

/** What a reviewer can do to a request. */
export function decisions({ deferrals, storage: { history }, confirmation }: DeskOptions): Router {
  const router = new Router({ prefix: '/deferrals/:id' })

  router.post('/approve', async (ctx) => {
    const { visit, form } = visitOf(ctx)
    const note = text(form, 'note')
    const deferral = await deferrals.get(ctx.params.id!)
    if (!deferral) return
    const payment = requestedPayment(deferral)
    // The page offers no button, but a form can be sent without it.
    if (payment && !mayApprove(reviewerNamed(visit.user)!, payment.sum)) return tell(ctx, 'authority')
    const rights = payment ? lessOf(payment, form) : rightsOf(deferral, form)
    if (!rights) return ctx.throw(400, 'an amount in euro is expected')
    await carryOut(ctx, 'approved', () =>
      deferrals.approve(deferral.id, { by: visit.user!, ...rights, ...(note && { note }) }),
    )
  })

  router.post('/ask', async (ctx) => {
    const { visit } = visitOf(ctx)
    const id = ctx.params.id!
    const uri = confirmationUri(confirmation, id)
    const done = await carryOut(ctx, 'asked', () => deferrals.requireInteraction(id, { uri }))
    if (done) await record(history, id, { event: 'Customer asked to confirm', by: visit.user })
  })

  router.post('/deny', async (ctx) => {
    const { visit, form } = visitOf(ctx)
    const description = text(form, 'description')
    if (!description) ctx.throw(400, 'a refusal needs a reason')
    await carryOut(ctx, 'denied', () => deferrals.deny(ctx.params.id!, { by: visit.user!, description }))
  })

  router.post('/progress', async (ctx) => {
    const { visit, form } = visitOf(ctx)
    const id = ctx.params.id!
    const step = text(form, 'step')
    if (!step) ctx.throw(400, 'progress needs a step')
    const position = number(form, 'position')
    const minutes = number(form, 'estimate')
    const progress = { step, ...(position && { position }), ...(minutes && { estimate: minutes * 60 }) }
    const done = await carryOut(ctx, 'progress', () => deferrals.progress(id, progress))
    if (done) await record(history, id, { event: 'Progress sent', by: visit.user, detail: step })
  })

  router.post('/replay', async (ctx) => {
    const { visit } = visitOf(ctx)
    const id = ctx.params.id!
    const done = await carryOut(ctx, 'replayed', () => deferrals.notifications.replay(id), 'unsent')
    if (done) await record(history, id, { event: 'Notification sent again', by: visit.user })
  })

  return router
}
