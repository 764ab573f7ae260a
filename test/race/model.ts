/*
 * What a deferral does, written down a second time and independently of any store: five facts and what each event does to them.
 * Times are seconds.
 */

/** What the model knows of one deferral. */
export interface Model {
  status: 'pending' | 'approved' | 'denied' | 'cancelled' | 'redeemed'
  exchanged: boolean
  endsAt: number
  fence: number
  claim?: { by: string; until: number }
  /** the client is told to bring somebody */
  asks: boolean
}

/** One thing that happens; `claim`, `finalise` and `release` name who does it. */
export type Event =
  | { name: 'request' | 'exchange' | 'approve' | 'deny' | 'progress' | 'cancel' | 'requireInteraction' | 'resume' }
  | { name: 'extend'; seconds: number }
  | { name: 'claim'; by: string; seconds: number }
  | { name: 'finalise'; by: string; fence: number }
  | { name: 'release'; by: string }
  | { name: 'advance'; seconds: number }

export const codeSeconds = 60
export const lifetimeSeconds = 600

/** A deferral of the openid profile, whose client has yet to exchange its code. */
export const created = (now: number): Model => ({
  status: 'pending',
  exchanged: false,
  endsAt: now + codeSeconds,
  fence: 0,
  asks: false,
})

/** A deferral of the oauth profile, whose client can poll from the start. */
export const requested = (now: number): Model => ({ ...created(now), exchanged: true, endsAt: now + lifetimeSeconds })

/** What a poll is answered. */
export function outcome({ status, endsAt, asks, claim }: Model, now: number): string {
  if (status === 'redeemed') return 'invalid_grant'
  if (now >= endsAt) return 'expired_token'
  if (status === 'approved') return claim && claim.until > now ? 'authorization_pending' : 'redeem'
  if (status !== 'pending') return 'access_denied'
  return asks ? 'interaction_required' : 'authorization_pending'
}

/** The deferral after the event, or `undefined` where the event is refused. */
export function next(model: Model, event: Event, now: number): Model | undefined {
  const { status, exchanged, claim, fence } = model
  const alive = now < model.endsAt
  const open = status === 'pending' || status === 'approved'
  const held = (by: string) => claim?.by === by
  switch (event.name) {
    case 'request':
      // its id is the code's, and there is one deferral of a code
      return undefined
    case 'exchange':
      if (exchanged || !alive || status === 'cancelled' || status === 'redeemed') return undefined
      return { ...model, exchanged: true, endsAt: now + lifetimeSeconds }
    case 'approve':
      return alive && status === 'pending' ? { ...model, status: 'approved' } : undefined
    case 'deny':
      return alive && status === 'pending' ? { ...model, status: 'denied' } : undefined
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
    case 'claim':
      if (status !== 'approved' || !exchanged || !alive || (claim && claim.until > now)) return undefined
      return { ...model, fence: fence + 1, claim: { by: event.by, until: now + event.seconds } }
    case 'finalise':
      if (!held(event.by) || event.fence !== fence) return undefined
      return status === 'approved' || status === 'redeemed' ? { ...model, status: 'redeemed' } : undefined
    case 'release':
      return held(event.by) && status === 'approved' ? { ...model, claim: { by: event.by, until: now } } : undefined
    case 'advance':
      return model
  }
}
