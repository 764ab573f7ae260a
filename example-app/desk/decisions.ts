import Router from '@koa/router'
import type { Context } from 'koa'
import type { Deferrals } from 'oidc-provider-deferred'
import { record } from '../provider/history.js'
import type { Collection } from '../storage/collection.js'
import type { HistoryLine } from '../storage/entries.js'
import { text, texts } from '../web/form.js'
import { visitOf } from '../web/visit.js'
import { indispensable } from './pages/decision.js'

type Outcome = Awaited<ReturnType<Deferrals['approve']>>

/** A number the reviewer may leave out. */
function number(form: FormData, name: string): number | undefined {
  const value = Number(text(form, name))
  return Number.isInteger(value) && value > 0 ? value : undefined
}

/** Decides, and says on the next page whether it took effect. */
async function carryOut(ctx: Context, notice: string, act: () => Promise<Outcome>): Promise<boolean> {
  const told = await act().then(
    (outcome) => (outcome.changed ? notice : 'conflict'),
    (error) => {
      if (error instanceof RangeError) return 'widened'
      if (error.code === 'ERR_DEFERRAL_NOT_FOUND') return ctx.throw(404, 'there is no such request')
      throw error
    },
  )
  ctx.status = 303
  ctx.redirect(`/deferrals/${ctx.params.id}?notice=${told}`)
  return told === notice
}

/** What a reviewer can do to a request. */
export function decisions(deferrals: Deferrals, history: Collection<HistoryLine>): Router {
  const router = new Router({ prefix: '/deferrals/:id' })

  router.post('/approve', async (ctx) => {
    const { visit, form } = visitOf(ctx)
    const scope = [indispensable, ...texts(form, 'scope')]
    const note = text(form, 'note')
    await carryOut(ctx, 'approved', () =>
      deferrals.approve(ctx.params.id!, { by: visit.user!, scope, ...(note && { note }) }),
    )
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

  return router
}
