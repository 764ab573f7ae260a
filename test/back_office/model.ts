/*
 * What the verbs of the back office do to one deferral, written down a second time and in plain words: a few facts, and what each
 * verb makes of them. Times are seconds, names are in lists.
 */

/** What one approval says. */
export interface Approval {
  by?: string[]
  scope?: string[]
  until?: number
}

/** A vote that counts. */
export type Vote = Approval & { by: string[] }

/** An entry of the history: the event, who, and how far the votes were. */
export type Entry = [event: string, by?: string[], votes?: string]

/** What the model knows of one deferral. */
export interface Model {
  quorum: number
  status: 'pending' | 'approved' | 'denied' | 'cancelled' | 'redeemed'
  exchanged: boolean
  endsAt: number
  dueAt: number
  votes: Vote[]
  /** what was granted, and by whom */
  granted?: Approval
  assignee?: { to: string; until: number }
  step?: string
  asks: boolean
  swept: boolean
  overdue: boolean
  history: Entry[]
}

/** One thing that happens. */
export type Event =
  | ({ name: 'approve' } & Approval)
  | { name: 'unvote' | 'deny' | 'cancel' | 'comment'; by: string[] }
  | { name: 'unassign' | 'resume' | 'requireInteraction' | 'exchange' | 'redeem' | 'expire' | 'noteOverdue' }
  | { name: 'assign'; to: string; from?: string; seconds: number }
  | { name: 'progress'; step: string }
  | { name: 'extend'; seconds: number }
  | { name: 'advance'; seconds: number }

/** What becomes of it: the next model, or why there is none. */
export type Outcome = Model | 'unchanged' | 'RangeError' | 'TypeError'

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
  history: [['created']],
})

/** The outcome of an event at this time. */
export function next(model: Model, event: Event, now: number): Outcome {
  const isAlive = now < model.endsAt
  const isPending = isAlive && model.status === 'pending'
  const isOpen = model.status === 'pending' || model.status === 'approved'
  const assignee = isPending && model.assignee && model.assignee.until > now ? model.assignee.to : undefined
  const allowed = (is: boolean, members: Partial<Model>, ...entry: Entry | []): Outcome => {
    if (!is) return 'unchanged'
    const history = entry.length > 0 ? [...model.history, entry as Entry] : model.history
    return { ...model, ...members, history }
  }
  switch (event.name) {
    case 'approve':
      return approved(model, event, now, isPending)
    case 'unvote': {
      const votes = model.votes.filter((vote) => !areShared(vote.by, event.by))
      return allowed(isPending && votes.length < model.votes.length, { votes }, 'unvoted', event.by)
    }
    case 'deny':
      return allowed(isPending, { status: 'denied', granted: { by: event.by } }, 'denied', event.by)
    case 'cancel':
      return allowed(isOpen, { status: 'cancelled' }, 'cancelled', event.by)
    case 'comment':
      return allowed(true, {}, 'commented', event.by)
    case 'assign': {
      const isFree = assignee === undefined || assignee === event.to || assignee === event.from
      const { to, seconds } = event
      return allowed(isPending && isFree, { assignee: { to, until: now + seconds } }, 'assigned')
    }
    case 'unassign':
      return allowed(assignee !== undefined, { assignee: { to: '', until: 0 } }, 'unassigned')
    case 'progress': {
      const { step } = event
      return step === model.step ? allowed(isPending, {}) : allowed(isPending, { step }, 'progress')
    }
    case 'requireInteraction':
      return allowed(isPending, { asks: true }, 'interaction_required')
    case 'resume':
      return allowed(isPending && model.asks, { asks: false }, 'resumed')
    case 'exchange': {
      const is = isAlive && !model.exchanged && model.status !== 'cancelled'
      return allowed(is, { exchanged: true, endsAt: now + lifetimeSeconds }, 'exchanged')
    }
    case 'extend':
      return allowed(isAlive && isOpen && model.exchanged, { endsAt: now + event.seconds, swept: false }, 'extended')
    case 'redeem': {
      const isOver = model.granted?.until !== undefined && model.granted.until <= now
      return allowed(
        isAlive && model.exchanged && model.status === 'approved' && !isOver,
        { status: 'redeemed' },
        'redeemed',
      )
    }
    case 'expire':
      return allowed(!isAlive && isOpen && !model.swept, { swept: true }, 'expired')
    case 'noteOverdue':
      return allowed(isPending && now >= model.dueAt && !model.overdue, { overdue: true }, 'overdue')
    case 'advance':
      return model
  }
}

function approved(model: Model, { by, scope, until }: Approval, now: number, isPending: boolean): Outcome {
  const approval = { ...(by && { by }), ...(scope && { scope }), ...(until !== undefined && { until }) }
  if (until !== undefined && until <= now) return 'RangeError'
  if (scope && scope.length === 0) return 'RangeError'
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
