import type {
  Binding,
  Decision,
  DeferralRecord,
  DeferralStatus,
  DeferredRequest,
  Interaction,
  JsonObject,
  Progress,
} from './deferral.js'
import type { NotificationRecord, NotificationStatus, Sealing, Settlement } from './notification.js'

/** A deferral to be created, and the seconds until it expires. One that comes with its poll handle needs no exchange. */
export type NewDeferral = DeferredRequest & Partial<Exchange> & { interaction?: Interaction; expiresIn: number }

/** What the exchange writes: the new poll handle, the key shown, what was asked for with it. */
export interface Exchange {
  handleHash: string
  binding?: Binding
  requestedResource?: string[]
  requestedDetails?: JsonObject[]
  /** what the client can be told with when the deferral ends */
  sealing?: Sealing
}

/** Who cancelled. A client is not told of what it did itself. */
export interface Cancellation {
  by?: string | undefined
  isByClient?: boolean
}

/** As much of a deferral as a worker needs to see whether it has to do something. */
export type DueNotification = Pick<DeferralRecord, 'id' | 'clientId' | 'expiresAt' | 'readAt'> & {
  notification: Pick<NotificationRecord, 'status' | 'fence' | 'reason' | 'answer'> & { due: Date }
}

/** Which due notifications to read, longest due first, starting after the given one. */
export interface DueQuery {
  after?: { due: Date; id: string } | undefined
  limit: number
}

/** Which deferrals to list, newest first, starting after the given one. */
export interface DeferralQuery {
  status?: DeferralStatus | 'expired'
  clientId?: string
  accountId?: string
  notification?: NotificationStatus | 'any'
  after?: { createdAt: Date; id: string }
  limit: number
}

/**
 * Where deferrals live. Every verb but `find` and `list` is one atomic transition: of any number of concurrent calls on
 * any number of nodes whose guards exclude each other exactly one resolves to the record, the others to `undefined`, and
 * then nothing was written. Once resolved, a transition survives the loss of a node. A rejection means "not known": the
 * write may or may not have happened.
 *
 * Verbs take `now` from the test clock; without it the store's own clock decides what has expired, never the caller's.
 * Records come back as copies, with `readAt` set by that clock.
 */
export interface DeferralStore {
  /** Creates a pending deferral; with a `handleHash` it counts as exchanged now. Rejects when the id exists. */
  create(deferral: NewDeferral, now?: Date): Promise<DeferralRecord>

  /** Reads one deferral by its internal id, in one read by primary key; expired ones too, until they are purged. */
  find(id: string, now?: Date): Promise<DeferralRecord | undefined>

  /** Lists deferrals, newest first. `expired` is "not redeemed and past expiry"; `pending` and `approved` exclude those. */
  list(query: DeferralQuery, now?: Date): Promise<DeferralRecord[]>

  /**
   * Spends the deferred code. Guard: never exchanged, unexpired, `pending`, `approved` or `denied`. Expiry starts anew. With a
   * notification it is `waiting`, or `owed` where the decision came first, and held back.
   */
  exchange(id: string, exchange: Exchange, now?: Date): Promise<DeferralRecord | undefined>

  /** Sets what a waiting client is told. Guard: `pending`, unexpired. */
  progress(id: string, progress: Progress, now?: Date): Promise<DeferralRecord | undefined>

  /** Says where somebody has to act. Guard: `pending`, unexpired. */
  requireInteraction(id: string, interaction: Interaction, now?: Date): Promise<DeferralRecord | undefined>

  /** Takes that back. Guard: `pending`, unexpired, with an interaction. */
  resume(id: string, now?: Date): Promise<DeferralRecord | undefined>

  /** Decides. Guard: `pending`, unexpired. A notification that was `waiting` is `owed` from the same write on. */
  decide(id: string, status: 'approved' | 'denied', decision: Decision, now?: Date): Promise<DeferralRecord | undefined>

  /**
   * Cancels, a live claim notwithstanding. Guard: `pending` or `approved`. A notification that was `waiting` is `owed` then;
   * where the client itself cancelled, what is not delivered is `suppressed`, and what was sealed is erased.
   */
  cancel(id: string, cancellation?: Cancellation, now?: Date): Promise<DeferralRecord | undefined>

  /** Moves the expiry to `expiresIn` seconds from now. Guard: exchanged, unexpired, `pending` or `approved`. */
  extend(id: string, expiresIn: number, now?: Date): Promise<DeferralRecord | undefined>

  /** Leases redemption for `lease` seconds and raises the fence. Guard: `approved`, exchanged, unexpired, no live claim. */
  claim(id: string, claimId: string, lease: number, now?: Date): Promise<DeferralRecord | undefined>

  /**
   * Ends a redemption. Guard: `approved` with this claim and fence; succeeds again where this claim already did. A notification
   * that is not delivered is `suppressed`, and what was sealed is erased.
   */
  finalise(id: string, claim: { id: string; fence: number }, now?: Date): Promise<DeferralRecord | undefined>

  /** Gives a claim back before its lease ends. Guard: `approved` with this claim. */
  release(id: string, claimId: string, now?: Date): Promise<DeferralRecord | undefined>

  /** The client does not want to be told any more. Guard: a notification that is `waiting`, `owed` or `failed`, and sealed. */
  suppress(id: string, now?: Date): Promise<DeferralRecord | undefined>

  /**
   * The client has its handle: it may be told `delay` seconds from now. Guard: a notification that is `waiting` or `owed` and
   * was not attempted yet.
   */
  arm(id: string, delay: number, now?: Date): Promise<DeferralRecord | undefined>

  /** Reads what is due. A hint only: the claim decides. */
  dueNotifications(query: DueQuery, now?: Date): Promise<DueNotification[]>

  /**
   * Leases a notification for `lease` seconds and raises its fence; where it is `owed` and the deferral unexpired, that is an
   * attempt. Guard: due.
   */
  claimNotification(id: string, lease: number, now?: Date): Promise<DeferralRecord | undefined>

  /**
   * Ends an attempt. Guard: this fence; and, unless it delivered, that nothing was suppressed meanwhile. `owed` is due again
   * after its `delay`, or at the expiry, if that is sooner. `failed` keeps what is sealed until the deferral expires, the
   * others erase it. May be repeated.
   */
  settleNotification(id: string, fence: number, settlement: Settlement, now?: Date): Promise<DeferralRecord | undefined>

  /**
   * Has a notification sent again, at once and from the first attempt on; raises the fence. Guard: unexpired, still sealed,
   * `failed`, or `owed`, not leased and not due yet.
   */
  replayNotification(id: string, now?: Date): Promise<DeferralRecord | undefined>
}

/** The verbs a store must have, for the check at start. */
export const storeVerbs = [
  'create',
  'find',
  'list',
  'exchange',
  'progress',
  'requireInteraction',
  'resume',
  'decide',
  'cancel',
  'extend',
  'claim',
  'finalise',
  'release',
  'suppress',
  'arm',
  'dueNotifications',
  'claimNotification',
  'settleNotification',
  'replayNotification',
] as const satisfies (keyof DeferralStore)[]

/**
 * The same store, its faults wrapped in plain errors: one that carries `expose` or `statusCode` would otherwise be
 * rendered to the client as the integrator's own 4xx.
 */
export function withPlainErrors(store: DeferralStore): DeferralStore {
  const verbs = storeVerbs.map((verb) => {
    const plain = async (...args: unknown[]) => {
      try {
        return await Reflect.apply(store[verb], store, args)
      } catch (cause) {
        throw new Error(`deferral store failed at ${verb}`, { cause })
      }
    }
    return [verb, plain] as const
  })
  return Object.fromEntries(verbs) as object as DeferralStore
}
