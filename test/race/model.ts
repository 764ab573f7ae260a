/*
 * What a deferral does, written down a second time and independently of any store: six facts and what each event does to them.
 * Times are seconds.
 */

/** What the model knows of one deferral. */
export interface Model {
  status: 'pending' | 'approved' | 'denied' | 'cancelled' | 'redeemed'
  exchanged: boolean
  endsAt: number
  /** the client is told to bring somebody */
  asks: boolean
  /** who decided */
  by?: string
  /** a sweep has noticed that the time is over */
  swept: boolean
}

/** One thing that happens. */
export type Event =
  | { name: 'request' | 'exchange' | 'progress' | 'cancel' | 'requireInteraction' | 'resume' | 'redeem' | 'expire' }
  | { name: 'approve' | 'deny'; by: string }
  | { name: 'extend'; seconds: number }
  | { name: 'advance'; seconds: number }

export const codeSeconds = 60
export const lifetimeSeconds = 600

/** A deferral of the openid profile, whose client has yet to exchange its code. */
export const created = (now: number): Model => ({
  status: 'pending',
  exchanged: false,
  endsAt: now + codeSeconds,
  asks: false,
  swept: false,
})

/** A deferral of the oauth profile, whose client can poll from the start. */
export const requested = (now: number): Model => ({ ...created(now), exchanged: true, endsAt: now + lifetimeSeconds })

/** What a poll is answered. */
export function outcome({ status, endsAt, asks }: Model, now: number): string {
  if (status === 'redeemed') return 'invalid_grant'
  if (now >= endsAt) return 'expired_token'
  if (status === 'approved') return 'redeem'
  if (status !== 'pending') return 'access_denied'
  return asks ? 'interaction_required' : 'authorization_pending'
}

/** The deferral after the event, or `undefined` where the event is refused. */
export function next(model: Model, event: Event, now: number): Model | undefined {
  const { status, exchanged } = model
  const alive = now < model.endsAt
  const open = status === 'pending' || status === 'approved'
  switch (event.name) {
    case 'request':
      // its id is the code's, and there is one deferral of a code
      return undefined
    case 'exchange':
      if (exchanged || !alive || status === 'cancelled' || status === 'redeemed') return undefined
      return { ...model, exchanged: true, endsAt: now + lifetimeSeconds }
    case 'approve':
      return alive && status === 'pending' ? { ...model, status: 'approved', by: event.by } : undefined
    case 'deny':
      return alive && status === 'pending' ? { ...model, status: 'denied', by: event.by } : undefined
    case 'progress':
      return alive && status === 'pending' ? model : undefined
    case 'requireInteraction':
      return alive && status === 'pending' ? { ...model, asks: true } : undefined
    case 'resume':
      return alive && status === 'pending' && model.asks ? { ...model, asks: false } : undefined
    case 'cancel':
      return open ? { ...model, status: 'cancelled' } : undefined
    case 'extend':
      return open && exchanged && alive ? { ...model, endsAt: now + event.seconds } : undefined
    case 'redeem':
      return status === 'approved' && exchanged && alive ? { ...model, status: 'redeemed' } : undefined
    case 'expire':
      return open && !alive && !model.swept ? { ...model, swept: true } : undefined
    case 'advance':
      return model
  }
}
