import { type Actor, actorOf, toInteraction, toResumption } from '../deferral/decision.js'
import type { Interaction } from '../deferral/deferral.js'
import { beginInteraction as begin } from '../deferral/interaction_transitions.js'
import { requestReachOut } from '../deferral/leg_transitions.js'
import type { Records } from '../deferral/records.js'
import * as transitions from '../deferral/transitions.js'
import { assertId, assertInteractive, assertWithoutHandle } from './assertions.js'
import { change, find, type Transition } from './transition.js'

const toReachOut = actorOf('reachOut')
const toBeginning = actorOf('beginInteraction')

/** Sets the page where somebody has to act. */
export async function requireInteraction(
  records: Records,
  id: string,
  interaction: Interaction & Actor,
): Promise<Transition> {
  assertId('requireInteraction', id)
  const { uri, by } = toInteraction(interaction)
  const record = await find(records, id)
  assertInteractive('requireInteraction', record)
  assertWithoutHandle(uri, record)
  return change(records, id, transitions.requireInteraction({ uri }, by), record)
}

/** Removes the page. */
export async function resume(records: Records, id: string, resumption: Actor): Promise<Transition> {
  assertId('resume', id)
  const { by } = toResumption(resumption)
  const record = await find(records, id)
  assertInteractive('resume', record)
  return change(records, id, transitions.resume(by), record)
}

/** Records that somebody has begun the interaction of a deferral. */
export async function beginInteraction(records: Records, id: string, beginning: Actor): Promise<Transition> {
  assertId('beginInteraction', id)
  const { by } = toBeginning(beginning)
  const record = await find(records, id)
  assertInteractive('beginInteraction', record)
  return change(records, id, begin(by), record)
}

/** Has the provider ask the end-user, at most `maxLegs` times. */
export async function reachOut(
  records: Records,
  maxLegs: number | undefined,
  id: string,
  request: Actor,
): Promise<Transition> {
  assertId('reachOut', id)
  const { by } = toReachOut(request)
  if (maxLegs === undefined) throw new TypeError('reachOut: needs the option ciba.reachOut')
  return change(records, id, requestReachOut(maxLegs, by))
}
