import type { Reviewed, Transition } from '../../index.js'
import { field } from '../body.js'
import { obstacleTo, readableDeferral, type Visit } from '../desk.js'
import { report } from '../faults.js'
import { mendable } from '../mistakes.js'
import { changesSince } from '../revision.js'
import { kindOf } from '../words.js'

/** What to do with each of them. */
export type BatchVerb = 'approve' | 'deny'

/** What became of one request. */
export interface BatchResult {
  id: string
  /** absent if the operator may not read it */
  deferral?: Reviewed
  isDone: boolean
  words: string
}

/** One that was ticked, and what its sender has seen of it. */
export interface Ticked {
  id: string
  revision: string
  deferral: Reviewed | undefined
}

/** Reads the ticked ones. */
export function tickedIn(visit: Visit, form: URLSearchParams): Promise<Ticked[]> {
  const values = [...new Set(form.getAll('ticked'))].map((value) => value.split(' '))
  return Promise.all(
    values.map(async ([id = '', revision = '']) => ({
      id,
      revision,
      deferral: await readableDeferral(visit, id),
    })),
  )
}

/** What a request asks for, and on what grounds. Only the person may differ. */
function contentOf(deferral: Reviewed): string {
  const { profile, grantType, clientId, scope, resource, authorizationDetails, claims, context, quorum } = deferral
  return JSON.stringify([profile, grantType, clientId, scope, resource, authorizationDetails, claims, context, quorum])
}

/** Why these cannot be decided together. */
export function obstacleToBatch(verb: BatchVerb, ticked: readonly Ticked[], form: URLSearchParams): string | undefined {
  const deferrals = ticked.map(({ deferral }) => deferral).filter((deferral) => deferral !== undefined)
  const isOne = (of: (deferral: Reviewed) => string) => new Set(deferrals.map(of)).size <= 1
  if (ticked.length === 0) return 'tick at least one request'
  if (!isOne(kindOf)) return 'these are requests of several kinds: tick those of one kind'
  if (verb === 'deny') return field(form, 'reason') === undefined ? 'the client needs a reason' : undefined
  if (!isOne(contentOf)) return 'these ask for different things: approve them one by one'
  return form.get('confirmed') === 'yes' ? undefined : 'tick that you have looked at them'
}

function run({ desk, operator }: Visit, verb: BatchVerb, id: string, form: URLSearchParams): Promise<Transition> {
  const note = field(form, 'note')
  const common = { by: operator.id, ...(note !== undefined && { note }) }
  if (verb === 'approve') return desk.deferrals.approve(id, common)
  return desk.deferrals.deny(id, { ...common, description: field(form, 'reason') ?? '' })
}

function wordsFor(verb: BatchVerb, { changed, deferral }: Transition): string {
  if (!changed) return 'nothing changed: somebody was faster'
  if (verb === 'deny') return 'refused'
  return deferral.status === 'pending' ? 'your approval counts, others have to follow' : 'approved'
}

async function decideOne(visit: Visit, verb: BatchVerb, ticked: Ticked, form: URLSearchParams): Promise<BatchResult> {
  const { id, revision, deferral } = ticked
  if (!deferral) return { id, isDone: false, words: 'there is no such request' }
  const failed = (words: string) => ({ id, deferral, isDone: false, words })
  const obstacle = await obstacleTo(visit, visit.operator, deferral)
  if (obstacle !== undefined) return failed(obstacle)
  if (changesSince(revision, deferral)) return failed('it has changed meanwhile: look at it again')
  try {
    const transition = await run(visit, verb, id, form)
    return { id, deferral, isDone: transition.changed, words: wordsFor(verb, transition) }
  } catch (error) {
    const mistake = mendable(error)
    if (!mistake) report(visit.ctx, error)
    return failed(mistake?.reason ?? 'something went wrong on our side')
  }
}

/** Decides one after the other. Each is a decision of its own: one that fails keeps no other one from being decided. */
export async function decideEach(
  visit: Visit,
  verb: BatchVerb,
  ticked: readonly Ticked[],
  form: URLSearchParams,
): Promise<BatchResult[]> {
  const results: BatchResult[] = []
  for (const one of ticked) results.push(await decideOne(visit, verb, one, form))
  return results
}
