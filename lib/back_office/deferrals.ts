import {
  type Approval,
  type Denial,
  toApproval,
  toCancellation,
  toDenial,
  toExtension,
  toInteraction,
  toProgress,
} from '../deferral/decision.js'
import type { Deferral, DeferralRecord, Interaction, Progress } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { containsHandle } from '../deferral/handle.js'
import { assertNarrower, type Narrowing } from '../deferral/narrow.js'
import { replayNotification } from '../deferral/notification_transitions.js'
import type { Records } from '../deferral/records.js'
import { string } from '../deferral/shape.js'
import type { Stored } from '../deferral/store.js'
import { isUnexpired, isUnfinished, type Transition as RecordTransition } from '../deferral/transition.js'
import * as transitions from '../deferral/transitions.js'
import { type DeferralListing, type ListQuery, list } from './listing.js'
import { listNotifications, type Notifications } from './notifications.js'
import type { Transition } from './transition.js'

/** The dependencies of the back office. */
export interface DeferralsDependencies {
  records: Records
  narrowing: Narrowing
  /** end of the host's Grant of a deferral; `undefined`: never, `gone`: the Grant does not exist any more */
  grantExpiry: (record: DeferralRecord) => Promise<Date | 'gone' | undefined>
  /** ends the background work of this node */
  close: () => Promise<void>
}

/**
 * The back office of deferred requests. Methods take the internal `id`, never a handle. An unknown id rejects with
 * `code: 'ERR_DEFERRAL_NOT_FOUND'`, a wrong argument with a `TypeError`, a widening with a `RangeError`; nothing is changed then.
 */
export class Deferrals {
  readonly #records: Records
  readonly #narrowing: Narrowing
  readonly #grantExpiry: DeferralsDependencies['grantExpiry']
  readonly #close: DeferralsDependencies['close']

  /** Notifications and their delivery. */
  readonly notifications: Notifications = {
    list: async (query = {}) => listNotifications(this.#records, query),
    replay: async (id) => {
      assertId('notifications.replay', id)
      return this.#change(id, replayNotification)
    },
  }

  constructor({ records, narrowing, grantExpiry, close }: DeferralsDependencies) {
    this.#records = records
    this.#narrowing = narrowing
    this.#grantExpiry = grantExpiry
    this.#close = close
  }

  /** The deferral with this id. */
  async get(id: string): Promise<Deferral | undefined> {
    assertId('get', id)
    const record = await this.#records.find(id)
    return record && describe(record)
  }

  /** A page of deferrals, newest first; `cursor` of one page asks for the next. `limit` is at most 100. */
  async list(query: ListQuery = {}): Promise<DeferralListing> {
    return list(this.#records, query)
  }

  /** Approves a pending deferral, with at most the requested rights. The client gets tokens at its next poll. */
  async approve(id: string, approval: Approval = {}): Promise<Transition> {
    assertId('approve', id)
    const decision = toApproval(approval)
    const record = await this.#find(id)
    assertNarrower(record, decision, this.#narrowing)
    if (decision.until && decision.until <= record.readAt) throw new RangeError('approve: until must lie ahead')
    return this.#change(id, transitions.decide('approved', decision), record)
  }

  /** Denies a pending deferral. Polls are answered `access_denied` until it expires. */
  async deny(id: string, denial: Denial = {}): Promise<Transition> {
    assertId('deny', id)
    const decision = toDenial(denial)
    return this.#change(id, transitions.decide('denied', decision))
  }

  /** Sets the progress in pending answers: `progress` unchanged, and `error_description` in ASCII. */
  async progress(id: string, progress: Progress): Promise<Transition> {
    assertId('progress', id)
    return this.#change(id, transitions.progress(toProgress(progress)))
  }

  /**
   * Polls are answered `interaction_required` with `uri`, a page of the integrator's where somebody has to act. A visit to the page
   * must not decide anything by itself. Only for the oauth profile. A second call replaces the page.
   */
  async requireInteraction(id: string, interaction: Interaction): Promise<Transition> {
    assertId('requireInteraction', id)
    const { uri } = toInteraction(interaction)
    const record = await this.#find(id)
    assertInteractive('requireInteraction', record)
    if (containsHandle(uri, 'deferral_code', record)) {
      throw new TypeError('requireInteraction: uri must not contain the deferral_code, use the id of the deferral')
    }
    return this.#change(id, transitions.requireInteraction({ uri }), record)
  }

  /** Removes the interaction: polls are answered `authorization_pending` again. */
  async resume(id: string): Promise<Transition> {
    assertId('resume', id)
    const record = await this.#find(id)
    assertInteractive('resume', record)
    return this.#change(id, transitions.resume, record)
  }

  /** Cancels a pending or approved deferral. Polls are answered `access_denied` until it expires. */
  async cancel(id: string, cancellation: { by?: string } = {}): Promise<Transition> {
    assertId('cancel', id)
    const { by } = toCancellation(cancellation)
    return this.#change(id, transitions.cancel({ by }))
  }

  /** Moves the expiry of an exchanged deferral to `expiresIn` seconds from now, never beyond the Grant's own expiry. */
  async extend(id: string, extension: { expiresIn: number }): Promise<Transition> {
    assertId('extend', id)
    const { expiresIn } = toExtension(extension)
    const record = await this.#find(id)
    const isPending = isUnfinished(record) && isUnexpired(record, record.readAt)
    const limit = isPending ? await this.#grantExpiry(record) : undefined
    if (limit === 'gone') throw new RangeError('extend: the Grant behind this deferral is gone, cancel the deferral')
    if (limit && record.readAt.getTime() + expiresIn * 1000 > limit.getTime()) {
      throw new RangeError(`extend: the Grant behind this deferral ends at ${limit.toISOString()}`)
    }
    return this.#change(id, transitions.extend(expiresIn), record)
  }

  /** Ends the background work of this node: starts no new work, and waits for work under way, ten seconds at most. */
  async close(): Promise<void> {
    await this.#close()
  }

  /** Calls `close`, for `await using`. A provider that is not closed is never garbage collected. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #find(id: string): Promise<Stored> {
    const record = await this.#records.find(id)
    if (!record) throw Object.assign(new Error('no deferral has this id'), { code: 'ERR_DEFERRAL_NOT_FOUND' })
    return record
  }

  async #change(id: string, transition: RecordTransition, snapshot?: Stored): Promise<Transition> {
    const written = await this.#records.transit(id, transition, snapshot)
    return { deferral: describe(written ?? (await this.#find(id))), changed: written !== undefined }
  }
}

function assertInteractive(method: string, { profile }: DeferralRecord): void {
  if (profile !== 'oauth') throw new TypeError(`${method}: only deferrals of the oauth profile know an interaction`)
}

// a store may take a value that is no string for a query
function assertId(method: string, id: unknown): void {
  string(id, `${method}: id`)
}
