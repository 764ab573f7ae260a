import type { Deferral, Reviewed } from '../index.js'
import { obstacleTo, readableDeferral, type Visit } from './desk.js'
import { isId } from './filter.js'
import type { Operator } from './options.js'
import { type PanelView, panelsOf } from './panels.js'
import { namesInHistory, type OperatorNames, operatorsOf, personOf } from './people.js'
import { kindInWords, nextOf } from './queue_view.js'
import { revisionOf } from './revision.js'

/** A request, and everything that its page says about it. */
export interface RequestView {
  visit: Visit
  deferral: Reviewed
  client: string
  person: string | undefined
  kind: string
  /** why this operator may not decide it */
  obstacle: string | undefined
  revision: string
  panels: PanelView[]
  nameOf: OperatorNames
  /** who may decide it and has not voted; `undefined`: the integrator does not say who works here */
  eligible: Operator[] | undefined
  next: Deferral | undefined
  /** the form that decided nothing, to show it again */
  draft: URLSearchParams | undefined
}

async function eligibleFor(visit: Visit, deferral: Reviewed, operators: readonly Operator[]) {
  if (!visit.desk.options.operators) return undefined
  const voters = (deferral.votes ?? []).flatMap(({ by }) => by)
  const obstacles = await Promise.all(operators.map((operator) => obstacleTo(visit, operator, deferral)))
  return operators.filter(({ id }, index) => obstacles[index] === undefined && !voters.includes(id))
}

/** Reads all that the page says. */
export async function viewOf(visit: Visit, deferral: Reviewed, draft?: URLSearchParams): Promise<RequestView> {
  const { desk, operator } = visit
  const operators = await operatorsOf(desk)
  const [client, person, obstacle, panels, eligible, next, nameOf] = await Promise.all([
    desk.clientName(deferral.clientId),
    personOf(visit, deferral),
    obstacleTo(visit, operator, deferral),
    panelsOf(desk, deferral, operator),
    eligibleFor(visit, deferral, operators),
    nextFor(visit, deferral.id),
    namesInHistory(visit, deferral, operators),
  ])
  const revision = revisionOf(deferral)
  const kind = kindInWords(visit, deferral)
  return { visit, deferral, client, person, kind, obstacle, revision, panels, nameOf, eligible, next, draft }
}

/** The next request: the one that the page before promised, if it still waits, else the one after this in the filter. */
async function nextFor(visit: Visit, id: string): Promise<Deferral | undefined> {
  const promised = new URLSearchParams(visit.ctx.querystring).get('next') ?? undefined
  if (isId(promised) && promised !== id) {
    const deferral = await readableDeferral(visit, promised)
    if (deferral?.status === 'pending' && !deferral.expired) return deferral
  }
  return nextOf(visit, id)
}
