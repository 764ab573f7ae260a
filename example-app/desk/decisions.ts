import Router from '@koa/router'
import type { Context } from 'koa'
import type { Deferral, Deferrals, JsonObject } from 'oidc-provider-deferred'
import { confirmationUri } from '../provider/confirmation/application.js'
import { requestedPayment } from '../provider/customer.js'
import { record } from '../provider/history.js'
import { cents } from '../provider/money.js'
import { detailOf, type Payment } from '../provider/payment.js'
import { type Form, formOf, text, texts } from '../web/form.js'
import { leaveNotice, sessionOf } from '../web/session.js'
import type { DeskOptions } from './options.js'
import { indispensable } from './pages/decision.js'

type Outcome = Awaited<ReturnType<Deferrals['approve']>>

/** A whole number above zero, or `undefined` when the field has none. */
function number(form: Form, name: string): number | undefined {
  const value = Number(text(form, name))
  return Number.isInteger(value) && value > 0 ? value : undefined
}

function redirectWith(ctx: Context, notice: string): void {
  ctx.status = 303
  leaveNotice(ctx, String(ctx.params.id), notice)
  ctx.redirect(`/deferrals/${ctx.params.id}`)
}

/** The rights in the form, and always the identity: there is no sign-in without it. */
function rightsOf({ scope }: Deferral, form: Form): { scope: string[] } {
  return { scope: [...scope.filter((name) => name === indispensable), ...texts(form, 'scope')] }
}

/** The payment with the amount in the form. */
function paymentWith(payment: Payment, form: Form): { authorizationDetails: JsonObject[] } | undefined {
  const sum = cents(text(form, 'amount'))
  return sum ? { authorizationDetails: [detailOf({ ...payment, sum })] } : undefined
}

/** Does something to the deferral. The next page says whether anything changed. Returns true if it did. */
async function carryOut(
  ctx: Context,
  notice: string | ((outcome: Outcome) => string),
  act: () => Promise<Outcome>,
  otherwise = 'conflict',
): Promise<boolean> {
  let changed = false
  const result = await act().then(
    (outcome) => {
      changed = outcome.changed
      if (!changed) return otherwise
      return typeof notice === 'string' ? notice : notice(outcome)
    },
    (error) => {
      if (error instanceof RangeError) return 'widened'
      if (error.code === 'ERR_DEFERRAL_NOT_FOUND') return ctx.throw(404, 'there is no such request')
      throw error
    },
  )
  redirectWith(ctx, result)
  return changed
}

/** Everything a reviewer can do to a request. */
export function decisions({ deferrals, storage: { history }, confirmation }: DeskOptions): Router {
  const router = new Router({ prefix: '/deferrals/:id' })

  router.post('/approve', async (ctx) => {
    const { user } = sessionOf(ctx)
    const form = formOf(ctx)
    const note = text(form, 'note')
    const deferral = await deferrals.get(ctx.params.id!)
    if (!deferral) return
    const payment = requestedPayment(deferral)
    const rights = payment ? paymentWith(payment, form) : rightsOf(deferral, form)
    if (!rights) return ctx.throw(400, 'please enter an amount in euro')
    // An approval that needs another one leaves the request as it is.
    const noticeOf = ({ deferral: { status } }: Outcome) => (status === 'pending' ? 'voted' : 'approved')
    await carryOut(ctx, noticeOf, () => deferrals.approve(deferral.id, { by: user!, ...rights, ...(note && { note }) }))
  })

  router.post('/unvote', async (ctx) => {
    const { user } = sessionOf(ctx)
    const id = ctx.params.id!
    const hasChanged = await carryOut(ctx, 'unvoted', () => deferrals.unvote(id, { by: user! }))
    if (hasChanged) await record(history, id, { event: 'Approval withdrawn', by: user })
  })

  router.post('/ask', async (ctx) => {
    const { user } = sessionOf(ctx)
    const id = ctx.params.id!
    const uri = confirmationUri(confirmation, id)
    const hasChanged = await carryOut(ctx, 'asked', () => deferrals.requireInteraction(id, { uri }))
    if (hasChanged) await record(history, id, { event: 'Customer asked to confirm', by: user })
  })

  router.post('/deny', async (ctx) => {
    const { user } = sessionOf(ctx)
    const form = formOf(ctx)
    const description = text(form, 'description')
    if (!description) ctx.throw(400, 'please enter a reason')
    await carryOut(ctx, 'denied', () => deferrals.deny(ctx.params.id!, { by: user!, description }))
  })

  router.post('/progress', async (ctx) => {
    const { user } = sessionOf(ctx)
    const form = formOf(ctx)
    const id = ctx.params.id!
    const step = text(form, 'step')
    if (!step) ctx.throw(400, 'please enter a step')
    const position = number(form, 'position')
    const minutes = number(form, 'estimate')
    const progress = { step, ...(position && { position }), ...(minutes && { estimate: minutes * 60 }) }
    const hasChanged = await carryOut(ctx, 'progress', () => deferrals.progress(id, progress))
    if (hasChanged) await record(history, id, { event: 'Progress sent', by: user, detail: step })
  })

  router.post('/replay', async (ctx) => {
    const { user } = sessionOf(ctx)
    const id = ctx.params.id!
    const hasChanged = await carryOut(ctx, 'replayed', () => deferrals.notifications.replay(id), 'unsent')
    if (hasChanged) await record(history, id, { event: 'Notification sent again', by: user })
  })

  return router
}
