import type { Deferral, Transition } from '../index.js'
import { approvalIn } from './approval.js'
import { field, numberField } from './body.js'
import type { Desk } from './desk.js'
import { operatorsOf } from './people.js'
import { present } from './present.js'

/** What a verb needs. The actor is always the operator who has signed in, never a field of the form. */
export interface Act {
  desk: Desk
  deferral: Deferral
  by: string
  form: URLSearchParams
}

/** Something that operators do to a deferral. */
export interface Verb {
  /** it decides, or changes how it can be decided: needs the right to decide */
  isReserved?: boolean
  /** it decides nothing that its sender has not seen, and only when confirmed */
  isDecision?: boolean
  /** a page asks once more */
  isConfirmed?: boolean
  /** the history entry that tells of it */
  event: string
  run(act: Act): Promise<Transition>
}

/** The assignee whom the sender of the form has seen, to take it over from them. */
function seenAssignee({ assignee }: Deferral, form: URLSearchParams): string | undefined {
  return assignee && field(form, 'over') === String(assignee.at.getTime()) ? assignee.to : undefined
}

/** Whom to assign it to: oneself, or somebody who works here. */
export async function knownAssignee(desk: Desk, by: string, to: string): Promise<string> {
  const isKnown = to === by || (await operatorsOf(desk)).some(({ id }) => id === to)
  if (!isKnown) throw new TypeError('assign: to must be somebody who works here')
  return to
}

/** The integrator's page for the person; a `RangeError` where there is nobody to ask. */
export function interactionUriOf({ options }: Desk, deferral: Deferral): string | undefined {
  const uri = options.interactionUri?.(deferral)
  if (uri === false) throw new RangeError('there is nobody to ask')
  return uri
}

function required(form: URLSearchParams, name: string, method: string): string {
  const value = field(form, name)
  if (value === undefined) throw new TypeError(`${method}: ${name} must not be empty`)
  return value
}

function minutes(form: URLSearchParams, name: string): number | undefined {
  const count = numberField(form, name)
  return count === undefined ? undefined : count * 60
}

/** Everything that a form of the request's page can do. */
export const verbs: Readonly<Record<string, Verb>> = {
  approve: {
    isReserved: true,
    isDecision: true,
    isConfirmed: true,
    event: 'approved',
    run: async ({ desk, deferral, by, form }) =>
      desk.deferrals.approve(deferral.id, { ...approvalIn(form, desk, deferral), by }),
  },
  deny: {
    isReserved: true,
    isDecision: true,
    event: 'denied',
    run: async ({ desk, deferral, by, form }) => {
      const description = required(form, 'reason', 'deny')
      return desk.deferrals.deny(deferral.id, present({ by, description, note: field(form, 'note') }))
    },
  },
  cancel: {
    isReserved: true,
    isDecision: true,
    isConfirmed: true,
    event: 'cancelled',
    run: async ({ desk, deferral, by }) => desk.deferrals.cancel(deferral.id, { by }),
  },
  unvote: { event: 'unvoted', run: async ({ desk, deferral, by }) => desk.deferrals.unvote(deferral.id, { by }) },
  assign: {
    event: 'assigned',
    run: async ({ desk, deferral, by, form }) => {
      const to = await knownAssignee(desk, by, field(form, 'to') ?? by)
      return desk.deferrals.assign(deferral.id, present({ to, by, from: seenAssignee(deferral, form) }))
    },
  },
  unassign: {
    event: 'unassigned',
    run: async ({ desk, deferral, by }) => desk.deferrals.unassign(deferral.id, { by }),
  },
  comment: {
    event: 'commented',
    run: async ({ desk, deferral, by, form }) =>
      desk.deferrals.comment(deferral.id, { by, text: required(form, 'text', 'comment') }),
  },
  progress: {
    isReserved: true,
    event: 'progress',
    run: async ({ desk, deferral, by, form }) => {
      const step = required(form, 'step', 'progress')
      const numbers = { position: numberField(form, 'position'), estimate: minutes(form, 'minutes') }
      return desk.deferrals.progress(deferral.id, { ...present(numbers), step, by })
    },
  },
  interaction: {
    isReserved: true,
    event: 'interaction_required',
    run: async ({ desk, deferral, by, form }) => {
      const uri = interactionUriOf(desk, deferral) ?? required(form, 'uri', 'requireInteraction')
      return desk.deferrals.requireInteraction(deferral.id, { uri, by })
    },
  },
  resume: {
    isReserved: true,
    event: 'resumed',
    run: async ({ desk, deferral, by }) => desk.deferrals.resume(deferral.id, { by }),
  },
  extend: {
    isReserved: true,
    event: 'extended',
    run: async ({ desk, deferral, by, form }) => {
      const hours = numberField(form, 'hours')
      if (hours === undefined) throw new TypeError('extend: hours must not be empty')
      return desk.deferrals.extend(deferral.id, { expiresIn: hours * 3600, by })
    },
  },
  replay: {
    event: 'notification_replayed',
    run: async ({ desk, deferral, by }) => desk.deferrals.notifications.replay(deferral.id, { by }),
  },
}

/** The verb of this name. */
export function verbNamed(name: string): Verb | undefined {
  return Object.hasOwn(verbs, name) ? verbs[name] : undefined
}
