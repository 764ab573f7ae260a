/*
 * The part of the state machine for an interaction that has begun.
 */
import type { By } from './deferral.js'
import { changeOf, isPending, named, type Transition } from './transition.js'

/** Somebody has begun the interaction: polls may be answered `interaction_pending` from now on. */
export const beginInteraction =
  (by?: By): Transition =>
  (record, now) => {
    if (!isPending(record, now) || !record.interaction || record.interactionBegunAt) return undefined
    return changeOf(record, { interactionBegunAt: now }, { at: now, event: 'interaction_begun', ...named(by) }, true)
  }
