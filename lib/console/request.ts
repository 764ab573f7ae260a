import type { Deferral, Reviewed } from '../index.js'
import { field, formOf } from './body.js'
import { obstacleTo, readableDeferral, type Visit } from './desk.js'
import { isId, searchOf } from './filter.js'
import { isUnknown, mendable } from './mistakes.js'
import { showConfirmation } from './pages/confirm.js'
import { showConflict, showMistake, showStale } from './pages/conflict.js'
import { showRequest } from './pages/request.js'
import { viewOf } from './request_view.js'
import { changesSince } from './revision.js'
import type { Route } from './routes.js'
import { type Verb, verbNamed } from './verbs.js'

async function find(visit: Visit, id: string): Promise<Reviewed> {
  const deferral = await readableDeferral(visit, id)
  return deferral ?? visit.ctx.throw(404, 'there is no such request')
}

async function requestPage(visit: Visit, id = ''): Promise<void> {
  showRequest(await viewOf(visit, await find(visit, id)))
}

/** Does it. What the sender of the form can mend is said on the page again, with everything that they had typed. */
async function mended(
  visit: Visit,
  deferral: Reviewed,
  form: URLSearchParams,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (isUnknown(error)) visit.ctx.throw(404, 'there is no such request')
    const { status, reason } = mendable(error) ?? {}
    if (status === undefined || reason === undefined) throw error
    showMistake(await viewOf(visit, deferral, form), status, reason)
  }
}

async function run(visit: Visit, verb: Verb, deferral: Reviewed, form: URLSearchParams): Promise<void> {
  const { desk, operator } = visit
  const { changed, deferral: after } = await verb.run({ desk, deferral, by: operator.id, form })
  if (!changed) return showConflict(await viewOf(visit, await find(visit, deferral.id), form), verb)
  goOn(visit, after, verb, form)
}

/** Back to the request's page, which says what was done. */
function goOn({ ctx, filter }: Visit, { id, status }: Deferral, { event }: Verb, form: URLSearchParams): void {
  const done = event === 'approved' && status === 'pending' ? 'voted' : event
  const next = field(form, 'next')
  ctx.status = 303
  // relative to deferrals/ID/VERB
  ctx.set('Location', `../${id}${searchOf(filter, { done, next: isId(next) ? next : undefined })}`)
}

async function act(visit: Visit, id = '', name = ''): Promise<void> {
  const { ctx, operator } = visit
  const verb = verbNamed(name) ?? ctx.throw(404, 'there is no such page')
  const deferral = await find(visit, id)
  const obstacle = verb.isReserved ? await obstacleTo(visit, operator, deferral) : undefined
  if (obstacle !== undefined) ctx.throw(403, obstacle)
  const form = await formOf(ctx)
  if (!verb.isDecision) return mended(visit, deferral, form, () => run(visit, verb, deferral, form))
  const changes = changesSince(field(form, 'revision'), deferral)
  if (changes) return showStale(await viewOf(visit, deferral, form), changes)
  const isUnconfirmed = verb.isConfirmed && form.get('confirmed') !== 'yes'
  return mended(visit, deferral, form, async () =>
    isUnconfirmed ? showConfirmation(await viewOf(visit, deferral), name, form) : run(visit, verb, deferral, form),
  )
}

export const requestRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/deferrals\/([^/]+)$/, handle: requestPage },
  { method: 'POST', path: /^\/deferrals\/([^/]+)\/([^/]+)$/, handle: act },
]
