/*
 * What the verbs of the back office do to one deferral, written down a second time and in plain words: a few facts, and what each
 * verb makes of them. Times are seconds, names are in lists.
 */

import type { Approval, Entry, Event, Model, Move, Outcome, Vote } from './model_types.js'

/** A reviewer who is the end-user, too. */
export const endUser = 'robin'
export const scopes = ['openid', 'email', 'payments']
export const codeSeconds = 60
export const lifetimeSeconds = 600
export const dueSeconds = 30

/** A deferral that so many people have to approve. */
export const created = (quorum: number): Model => ({
  quorum,
  status: 'pending',
  exchanged: false,
  endsAt: codeSeconds,
  dueAt: dueSeconds,
  votes: [],
  asks: false,
  swept: false,
  overdue: false,
  erased: false,
  history: [['created']],
})

/** The events that may do something after an erasure, or throw. */
const afterErasure = ['approve', 'expire', 'advance']

/** The outcome of an event at this time. */
export function next(model: Model, event: Event, now: number): Outcome {
  if (model.erased && !afterErasure.includes(event.name)) return 'unchanged'
  const isPending = now < model.endsAt && model.status === 'pending'
  const assignee = isPending && model.assignee && model.assignee.until > now ? model.assignee.to : undefined
  switch (event.name) {
    case 'approve':
      return approved(model, event, now, isPending)
    case 'unvote': {
      const votes = model.votes.filter((vote) => !areShared(vote.by, event.by))
      return changed(isPending && votes.length < model.votes.length, model, { votes }, ['unvoted', event.by])
    }
    case 'erase':
      return erased(model, event.by, now)
    case 'comment':
      return changed(true, model, {}, ['commented', event.by])
    case 'assign': {
      const isFree = assignee === undefined || assignee === event.to || assignee === event.from
      const { to, seconds } = event
      return changed(isPending && isFree, model, { assignee: { to, until: now + seconds } }, ['assigned'])
    }
    case 'unassign':
      return changed(assignee !== undefined, model, { assignee: { to: '', until: 0 } }, ['unassigned'])
    case 'progress': {
      const { step } = event
      return changed(isPending, model, { step }, step === model.step ? undefined : ['progress'])
    }
    case 'requireInteraction':
      return changed(isPending, model, { asks: true }, ['interaction_required'])
    case 'resume':
      return changed(isPending && model.asks, model, { asks: false }, ['resumed'])
    case 'noteOverdue':
      return changed(isPending && now >= model.dueAt && !model.overdue, model, { overdue: true }, ['overdue'])
    case 'advance':
      return model
    default:
      return moved(model, event, now)
  }
}

function moved(model: Model, event: Move, now: number): Outcome {
  const { status, exchanged, granted, swept } = model
  const isAlive = now < model.endsAt
  const isOpen = status === 'pending' || status === 'approved'
  switch (event.name) {
    case 'deny': {
      const { by } = event
      return changed(isAlive && status === 'pending', model, { status: 'denied', granted: { by } }, ['denied', by])
    }
    case 'cancel':
      return changed(isOpen, model, { status: 'cancelled' }, ['cancelled', event.by])
    case 'exchange': {
      const is = isAlive && !exchanged && status !== 'cancelled'
      return changed(is, model, { exchanged: true, endsAt: now + lifetimeSeconds }, ['exchanged'])
    }
    case 'extend': {
      const members = { endsAt: now + event.seconds, swept: false }
      return changed(isAlive && isOpen && exchanged, model, members, ['extended'])
    }
    case 'redeem': {
      const isOver = granted?.until !== undefined && granted.until <= now
      const is = isAlive && exchanged && status === 'approved' && !isOver
      return changed(is, model, { status: 'redeemed' }, ['redeemed'])
    }
    case 'expire':
      return changed(!isAlive && isOpen && !swept, model, { swept: true }, ['expired'])
  }
}

/** An open deferral is cancelled first. The name of the end-user is removed everywhere. */
function erased({ assignee, step, granted, ...model }: Model, by: string[], now: number): Outcome {
  const isOpen = now < model.endsAt && (model.status === 'pending' || model.status === 'approved')
  const cancelled: Entry[] = isOpen ? [['cancelled', by]] : []
  const history: Entry[] = [...model.history, ...cancelled, ['erased', by]]
  return {
    ...model,
    ...(isOpen && { status: 'cancelled' }),
    votes: [],
    asks: false,
    erased: true,
    ...(granted && { granted: othersOf(granted.by) }),
    history: history.map(([event, names]): Entry => {
      const { by: others } = othersOf(names)
      return others ? [event, others] : [event]
    }),
  }
}

function othersOf(names: string[] = []): { by?: string[] } {
  const by = names.filter((name) => name !== endUser)
  return by.length > 0 ? { by } : {}
}

function changed(is: boolean, model: Model, members: Partial<Model>, entry?: Entry): Outcome {
  return is ? { ...model, ...members, history: entry ? [...model.history, entry] : model.history } : 'unchanged'
}

function approved(model: Model, { by, scope, until }: Approval, now: number, isPending: boolean): Outcome {
  const approval = { ...(by && { by }), ...(scope && { scope }), ...(until !== undefined && { until }) }
  if (until !== undefined && until <= now) return 'RangeError'
  // an erased deferral asks for no scope
  if (scope && (scope.length === 0 || model.erased)) return 'RangeError'
  if (model.quorum === 1) {
    const entry: Entry = by ? ['approved', by] : ['approved']
    return isPending
      ? { ...model, status: 'approved', granted: approval, history: [...model.history, entry] }
      : 'unchanged'
  }
  if (!by) return 'TypeError'
  if (!isPending || model.votes.some((vote) => areShared(vote.by, by))) return 'unchanged'
  if (model.votes.some((vote) => vote.until !== undefined && vote.until <= now)) return 'RangeError'
  const votes: Vote[] = [...model.votes, { ...approval, by }]
  const left = scopes.filter((name) => votes.every((vote) => !vote.scope || vote.scope.includes(name)))
  if (left.length === 0) return 'RangeError'
  const count = `${votes.length} of ${model.quorum}`
  if (votes.length < model.quorum) return { ...model, votes, history: [...model.history, ['voted', by, count]] }
  const everybody = [...new Set(votes.flatMap((vote) => vote.by))]
  const ends = votes.flatMap((vote) => (vote.until === undefined ? [] : [vote.until]))
  const granted = {
    by: everybody,
    ...(votes.some((vote) => vote.scope) && { scope: left }),
    ...(ends.length > 0 && { until: Math.min(...ends) }),
  }
  return {
    ...model,
    votes,
    granted,
    status: 'approved',
    history: [...model.history, ['approved', everybody, `of ${model.quorum}`]],
  }
}

const areShared = (names: string[], others: string[]) => names.some((name) => others.includes(name))
