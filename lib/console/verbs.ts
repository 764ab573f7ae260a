import type { Approval, Deferral, Transition } from '../index.js'
import { field, numberField } from './body.js'
import type { Desk } from './desk.js'

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

/** The members of an object that have a value. */
function present<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

/** The ticked ones of these. `undefined`: all of them, or the form did not offer a choice. */
function ticked<T>(
  form: URLSearchParams,
  name: string,
  values: readonly T[] | undefined,
  keyOf: (value: T, at: number) => string,
) {
  if (!values || !form.getAll('offered').includes(name)) return undefined
  const keys = new Set(form.getAll(name))
  const chosen = values.filter((value, at) => keys.has(keyOf(value, at)))
  return chosen.length === values.length ? undefined : chosen
}

/** What the form grants: at most what was requested. */
export function approvalOf({ scope, resource, authorizationDetails }: Deferral, form: URLSearchParams): Approval {
  return present({
    scope: ticked(form, 'scope', scope, String),
    resource: ticked(form, 'resource', resource, String),
    authorizationDetails: ticked(form, 'details', authorizationDetails, (_, at) => String(at)),
    note: field(form, 'note'),
  })
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
    run: ({ desk, deferral, by, form }) => desk.deferrals.approve(deferral.id, { ...approvalOf(deferral, form), by }),
  },
  deny: {
    isReserved: true,
    isDecision: true,
    event: 'denied',
    run: ({ desk, deferral, by, form }) => {
      const description = required(form, 'reason', 'deny')
      return desk.deferrals.deny(deferral.id, present({ by, description, note: field(form, 'note') }))
    },
  },
  cancel: {
    isReserved: true,
    isDecision: true,
    isConfirmed: true,
    event: 'cancelled',
    run: ({ desk, deferral, by }) => desk.deferrals.cancel(deferral.id, { by }),
  },
  unvote: { event: 'unvoted', run: ({ desk, deferral, by }) => desk.deferrals.unvote(deferral.id, { by }) },
  assign: {
    event: 'assigned',
    run: ({ desk, deferral, by, form }) => {
      const to = field(form, 'to') ?? by
      return desk.deferrals.assign(
        deferral.id,
        present({ to, by, from: field(form, 'from'), for: minutes(form, 'minutes') }),
      )
    },
  },
  unassign: { event: 'unassigned', run: ({ desk, deferral, by }) => desk.deferrals.unassign(deferral.id, { by }) },
  comment: {
    event: 'commented',
    run: ({ desk, deferral, by, form }) =>
      desk.deferrals.comment(deferral.id, { by, text: required(form, 'text', 'comment') }),
  },
  progress: {
    isReserved: true,
    event: 'progress',
    run: ({ desk, deferral, by, form }) => {
      const step = required(form, 'step', 'progress')
      const numbers = { position: numberField(form, 'position'), estimate: minutes(form, 'minutes') }
      return desk.deferrals.progress(deferral.id, { ...present(numbers), step, by })
    },
  },
  interaction: {
    isReserved: true,
    event: 'interaction_required',
    run: ({ desk, deferral, by, form }) => {
      const uri = desk.options.interactionUri?.(deferral) ?? required(form, 'uri', 'requireInteraction')
      return desk.deferrals.requireInteraction(deferral.id, { uri, by })
    },
  },
  resume: {
    isReserved: true,
    event: 'resumed',
    run: ({ desk, deferral, by }) => desk.deferrals.resume(deferral.id, { by }),
  },
  extend: {
    isReserved: true,
    event: 'extended',
    run: ({ desk, deferral, by, form }) => {
      const hours = numberField(form, 'hours')
      if (hours === undefined) throw new TypeError('extend: hours must not be empty')
      return desk.deferrals.extend(deferral.id, { expiresIn: hours * 3600, by })
    },
  },
  replay: {
    event: 'notification_replayed',
    run: ({ desk, deferral, by }) => desk.deferrals.notifications.replay(deferral.id, { by }),
  },
}

/** The verb of this name. */
export function verbNamed(name: string): Verb | undefined {
  return Object.hasOwn(verbs, name) ? verbs[name] : undefined
}
