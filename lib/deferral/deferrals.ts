import {
  type Approval,
  type Denial,
  toApproval,
  toCancellation,
  toDenial,
  toExtension,
  toInteraction,
  toProgress,
} from './decision.js'
import { type Deferral, type DeferralRecord, describe, type Interaction, type Progress } from './deferral.js'
import { containsHandle } from './handle.js'
import { type DeferralListing, type ListQuery, list } from './listing.js'
import { assertNarrower, type Narrowing } from './narrow.js'
import { listNotifications, type Notifications } from './notifications.js'
import type { DeferralStore } from './store.js'

/** The current record, and whether this call changed it. A conflict never overwrites. */
export interface Transition {
  deferral: Deferral
  changed: boolean
}

/** Events on the provider, after the write, in the process that made it. */
export type DeferralEvent =
  | 'created'
  | 'exchanged'
  | 'approved'
  | 'denied'
  | 'cancelled'
  | 'redeemed'
  | 'notified'
  | 'notification_failed'

/** What the operator API needs from its surroundings. */
export interface Surroundings {
  store: DeferralStore
  clock: () => Date | undefined
  announce: (event: DeferralEvent, deferral: Deferral) => void
  narrowing: Narrowing
  /** when the host's Grant behind a deferral ends; `undefined`: never */
  grantExpiry: (record: DeferralRecord) => Promise<Date | 'gone' | undefined>
  /** the worker that notifies, where this node has one */
  outbox: Sending | undefined
}

/** What the operator API asks of the worker that notifies. */
interface Sending {
  wake(deferral: Deferral): void
  close(): Promise<void>
}

/**
 * The back office of deferred requests. Methods take the internal `id`, never a handle. An unknown id rejects with
 * `code: 'ERR_DEFERRAL_NOT_FOUND'`, wrong arguments with a `TypeError`, widening with a `RangeError`; nothing is changed then.
 */
export class Deferrals {
  readonly #store: DeferralStore
  readonly #clock: Surroundings['clock']
  readonly #announce: Surroundings['announce']
  readonly #narrowing: Narrowing
  readonly #grantExpiry: Surroundings['grantExpiry']
  readonly #outbox: Surroundings['outbox']

  /** Notifications and what became of them. */
  readonly notifications: Notifications = {
    list: async (query = {}) => listNotifications(this.#store, query, this.#clock()),
    replay: async (id) => this.#replay(id),
  }

  constructor({ store, clock, announce, narrowing, grantExpiry, outbox }: Surroundings) {
    this.#store = store
    this.#clock = clock
    this.#announce = announce
    this.#narrowing = narrowing
    this.#grantExpiry = grantExpiry
    this.#outbox = outbox
  }

  /** The deferral with this id. */
  async get(id: string): Promise<Deferral | undefined> {
    assertId('get', id)
    const record = await this.#store.find(id, this.#clock())
    return record && describe(record)
  }

  /** A page of deferrals, newest first; `cursor` of one page asks for the next. `limit` is at most 100. */
  async list(query: ListQuery = {}): Promise<DeferralListing> {
    return list(this.#store, query, this.#clock())
  }

  /** Approves a pending deferral, with no more than was requested; the client's next poll yields tokens. */
  async approve(id: string, approval: Approval = {}): Promise<Transition> {
    assertId('approve', id)
    const decision = toApproval(approval)
    const record = await this.#known(id)
    assertNarrower(record, decision, this.#narrowing)
    if (decision.until && decision.until <= record.readAt) throw new RangeError('approve: until must lie ahead')
    return this.#settled(id, 'approved', await this.#store.decide(id, 'approved', decision, this.#clock()))
  }

  /** Denies a pending deferral; polls are answered `access_denied` until it expires. */
  async deny(id: string, denial: Denial = {}): Promise<Transition> {
    assertId('deny', id)
    const decision = toDenial(denial)
    return this.#settled(id, 'denied', await this.#store.decide(id, 'denied', decision, this.#clock()))
  }

  /** Tells the waiting client where its request stands, in `error_description` of the pending answer. */
  async progress(id: string, progress: Progress): Promise<Transition> {
    assertId('progress', id)
    return this.#settled(id, undefined, await this.#store.progress(id, toProgress(progress), this.#clock()))
  }

  /**
   * Has the waiting client told to bring somebody to `uri`, a page of the integrator's that must not decide by a mere visit.
   * oauth profile only; may be called again, with another page.
   */
  async requireInteraction(id: string, interaction: Interaction): Promise<Transition> {
    assertId('requireInteraction', id)
    const { uri } = toInteraction(interaction)
    const record = await this.#known(id)
    assertInteractive('requireInteraction', record)
    if (containsHandle(uri, 'deferral_code', record)) {
      throw new TypeError('requireInteraction: uri must not contain the deferral_code, use the id of the deferral')
    }
    return this.#settled(id, undefined, await this.#store.requireInteraction(id, { uri }, this.#clock()))
  }

  /** Has the client wait again without anybody acting. */
  async resume(id: string): Promise<Transition> {
    assertId('resume', id)
    assertInteractive('resume', await this.#known(id))
    return this.#settled(id, undefined, await this.#store.resume(id, this.#clock()))
  }

  /** Cancels a deferral that was not redeemed yet; polls are answered `access_denied` until it expires. */
  async cancel(id: string, cancellation: { by?: string } = {}): Promise<Transition> {
    assertId('cancel', id)
    const { by } = toCancellation(cancellation)
    return this.#settled(id, 'cancelled', await this.#store.cancel(id, { by }, this.#clock()))
  }

  /** Moves the expiry of an exchanged deferral to `expiresIn` seconds from now, never beyond the Grant's own expiry. */
  async extend(id: string, extension: { expiresIn: number }): Promise<Transition> {
    assertId('extend', id)
    const expiresIn = toExtension(extension)
    const record = await this.#known(id)
    const waiting = (record.status === 'pending' || record.status === 'approved') && record.expiresAt > record.readAt
    const limit = waiting ? await this.#grantExpiry(record) : undefined
    if (limit === 'gone') throw new RangeError('extend: the Grant behind this deferral is gone, cancel the deferral')
    if (limit && record.readAt.getTime() + expiresIn * 1000 > limit.getTime()) {
      throw new RangeError(`extend: the Grant behind this deferral ends at ${limit.toISOString()}`)
    }
    return this.#settled(id, undefined, await this.#store.extend(id, expiresIn, this.#clock()))
  }

  /** Ends sending on this node: takes nothing new on, waits for the attempts under way, ten seconds at most. */
  async close(): Promise<void> {
    await this.#outbox?.close()
  }

  async #replay(id: string): Promise<Transition> {
    assertId('notifications.replay', id)
    const transition = await this.#settled(id, undefined, await this.#store.replayNotification(id, this.#clock()))
    if (transition.changed) this.#outbox?.wake(transition.deferral)
    return transition
  }

  async #known(id: string): Promise<DeferralRecord> {
    const record = await this.#store.find(id, this.#clock())
    if (!record) throw Object.assign(new Error('no deferral has this id'), { code: 'ERR_DEFERRAL_NOT_FOUND' })
    return record
  }

  async #settled(
    id: string,
    event: DeferralEvent | undefined,
    written: DeferralRecord | undefined,
  ): Promise<Transition> {
    if (!written) return { deferral: describe(await this.#known(id)), changed: false }
    const deferral = describe(written)
    if (event) this.#announce(event, deferral)
    return { deferral, changed: true }
  }
}

function assertInteractive(method: string, { profile }: DeferralRecord): void {
  if (profile !== 'oauth') throw new TypeError(`${method}: only deferrals of the oauth profile know an interaction`)
}

// a store may take anything else for a query
function assertId(method: string, id: unknown): void {
  if (typeof id !== 'string') throw new TypeError(`${method}: id must be a string`)
}
