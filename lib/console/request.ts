import type { Context } from 'koa'
import type { Reviewed } from '../index.js'
import { field, formOf } from './body.js'
import { obstacleTo, readableDeferral, type Visit } from './desk.js'
import { isId, searchOf } from './filter.js'
import { showConfirmation } from './pages/confirm.js'
import { showConflict, showStale } from './pages/conflict.js'
import { showRequest } from './pages/request.js'
import { viewOf } from './request_view.js'
import { changesSince } from './revision.js'
import type { Route } from './routes.js'
import { type Verb, verbNamed } from './verbs.js'

async function find(visit: Visit, id: string): Promise<Reviewed> {
  const deferral = await readableDeferral(visit.desk, visit.operator, id)
  return deferral ?? visit.ctx.throw(404, 'there is no such request')
}

async function requestPage(visit: Visit, id = ''): Promise<void> {
  showRequest(await viewOf(visit, await find(visit, id)))
}

/** A fault that the sender of the form can mend. Its text is the back office's. */
function mendable(ctx: Context, error: unknown): never {
  if (error instanceof RangeError) ctx.throw(422, `nothing changed: ${error.message}`)
  if (error instanceof TypeError && /^\w+(: | must be a whole)/.test(error.message)) ctx.throw(400, error.message)
  if (error instanceof Error && Reflect.get(error, 'code') === 'ERR_DEFERRAL_NOT_FOUND') {
    ctx.throw(404, 'there is no such request')
  }
  throw error
}

async function run(visit: Visit, verb: Verb, deferral: Reviewed, form: URLSearchParams): Promise<void> {
  const { ctx, desk, operator, filter } = visit
  const { changed, deferral: after } = await verb
    .run({ desk, deferral, by: operator.id, form })
    .catch((error: unknown) => mendable(ctx, error))
  if (!changed) return showConflict(await viewOf(visit, await find(visit, deferral.id)), verb)
  const done = verb.event === 'approved' && after.status === 'pending' ? 'voted' : verb.event
  const next = field(form, 'next')
  ctx.status = 303
  // relative to deferrals/ID/VERB
  ctx.set('Location', `../${deferral.id}${searchOf(filter, { done, next: isId(next) ? next : undefined })}`)
}

async function act(visit: Visit, id = '', name = ''): Promise<void> {
  const { ctx, desk, operator } = visit
  const verb = verbNamed(name) ?? ctx.throw(404, 'there is no such page')
  const deferral = await find(visit, id)
  const obstacle = verb.isReserved ? await obstacleTo(desk, operator, deferral) : undefined
  if (obstacle !== undefined) ctx.throw(403, obstacle)
  const form = await formOf(ctx)
  if (!verb.isDecision) return run(visit, verb, deferral, form)
  const changes = changesSince(field(form, 'revision'), deferral)
  if (changes) return showStale(await viewOf(visit, deferral), changes)
  const isUnconfirmed = verb.isConfirmed && form.get('confirmed') !== 'yes'
  if (isUnconfirmed) return showConfirmation(await viewOf(visit, deferral), name, form)
  return run(visit, verb, deferral, form)
}

export const requestRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/deferrals\/([^/]+)$/, handle: requestPage },
  { method: 'POST', path: /^\/deferrals\/([^/]+)\/([^/]+)$/, handle: act },
]
