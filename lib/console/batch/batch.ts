import type { Reviewed } from '../../index.js'
import { formOf } from '../body.js'
import { obstacleTo, type Visit } from '../desk.js'
import { listQuery } from '../filter.js'
import { showBatch, showResults } from '../pages/batch.js'
import { rowOf } from '../queue_view.js'
import { readableDeferrals } from '../readable_page.js'
import { revisionOf } from '../revision.js'
import type { Route } from '../routes.js'
import { decideEach, obstacleToBatch, tickedIn } from './decide.js'

const most = 50

/** The first requests of the filter that this operator may decide. */
async function decidable(visit: Visit): Promise<Reviewed[]> {
  const { desk, operator, filter } = visit
  const query = listQuery({ ...filter, status: 'pending' }, operator, desk.now())
  const { deferrals } = await readableDeferrals(visit, { ...query, history: true }, { limit: most })
  const obstacles = await Promise.all(deferrals.map((deferral) => obstacleTo(visit, operator, deferral)))
  return deferrals
    .filter((_, index) => obstacles[index] === undefined)
    .map((deferral) => ({ ...deferral, history: deferral.history ?? [] }))
}

async function show(visit: Visit, form?: URLSearchParams, problem?: string): Promise<void> {
  const deferrals = await decidable(visit)
  const rows = await Promise.all(
    deferrals.map(async (deferral) => ({ ...(await rowOf(visit, deferral)), revision: revisionOf(deferral) })),
  )
  showBatch(visit, { rows, most, form, problem })
}

async function decide(visit: Visit): Promise<void> {
  const { ctx } = visit
  const form = await formOf(ctx)
  const verb = form.get('verb') === 'approve' ? 'approve' : form.get('verb') === 'deny' ? 'deny' : undefined
  if (!verb) return ctx.throw(400, 'the form does not say what to do')
  if (form.getAll('ticked').length > most) ctx.throw(400, `at most ${most} requests can be decided together`)
  const ticked = await tickedIn(visit, form)
  const problem = obstacleToBatch(verb, ticked, form)
  if (problem !== undefined) return show(visit, form, problem)
  showResults(visit, await decideEach(visit, verb, ticked, form))
}

export const batchRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/batch$/, handle: (visit) => show(visit) },
  { method: 'POST', path: /^\/batch$/, handle: decide },
]
