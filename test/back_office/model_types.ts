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
  erased: boolean
  history: Entry[]
}

/** What moves the status or the end of a deferral. */
export type Move =
  | { name: 'deny' | 'cancel'; by: string[] }
  | { name: 'extend'; seconds: number }
  | { name: 'exchange' | 'redeem' | 'expire' }

/** One thing that happens. */
export type Event =
  | Move
  | ({ name: 'approve' } & Approval)
  | { name: 'unvote' | 'comment' | 'erase'; by: string[] }
  | { name: 'unassign' | 'resume' | 'requireInteraction' | 'noteOverdue' }
  | { name: 'assign'; to: string; from?: string; seconds: number }
  | { name: 'progress'; step: string }
  | { name: 'advance'; seconds: number }

/** What becomes of it: the next model, or why there is none. */
export type Outcome = Model | 'unchanged' | 'RangeError' | 'TypeError'
