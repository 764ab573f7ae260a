import { type Assignment, assign, type Comment, comment, unassign } from '../deferral/assignment_transitions.js'
import {
  type Actor,
  type Approval,
  actorOf,
  type Denial,
  toApproval,
  toAssignment,
  toCancellation,
  toComment,
  toDenial,
  toExtension,
  toInteraction,
  toProgress,
} from '../deferral/decision.js'
import type { DeferralRecord, Interaction, Progress } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import { containsHandle } from '../deferral/handle.js'
import { assertNarrower, type Narrowing } from '../deferral/narrow.js'
import { replayNotification } from '../deferral/notification_transitions.js'
import type { Records } from '../deferral/records.js'
import type { Stored } from '../deferral/store.js'
import { isUnexpired, isUnfinished, type Transition as RecordTransition } from '../deferral/transition.js'
import * as transitions from '../deferral/transitions.js'
import { assertId, assertInteractive } from './assertions.js'
import { type DeferralListing, type ListQuery, list, withHistory } from './listing.js'
import { listNotifications, type Notifications } from './notifications.js'
import type { Reviewed, Transition } from './transition.js'

const toBeginning = actorOf('beginInteraction')
const toReplay = actorOf('notifications.replay')
const toResumption = actorOf('resume')
const toUnassignment = actorOf('unassign')

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
    replay: async (id, replay = {}) => {
      assertId('notifications.replay', id)
      return this.#change(id, replayNotification(toReplay(replay).by))
    },
  }

  constructor({ records, narrowing, grantExpiry, close }: DeferralsDependencies) {
    this.#records = records
    this.#narrowing = narrowing
    this.#grantExpiry = grantExpiry
    this.#close = close
  }

  /** The deferral with this id, and its history. */
  async get(id: string): Promise<Reviewed | undefined> {
    assertId('get', id)
    const record = await this.#records.find(id)
    return record && withHistory(this.#records, record)
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
  async progress(id: string, progress: Progress & Actor): Promise<Transition> {
    assertId('progress', id)
    const { progress: next, by } = toProgress(progress)
    return this.#change(id, transitions.progress(next, by))
  }

  /**
   * Polls are answered `interaction_required` with `uri`, a page of the integrator's where somebody has to act. A visit to the page
   * must not decide anything by itself. Only for the oauth profile. A second call replaces the page.
   */
  async requireInteraction(id: string, interaction: Interaction & Actor): Promise<Transition> {
    assertId('requireInteraction', id)
    const { uri, by } = toInteraction(interaction)
    const record = await this.#find(id)
    assertInteractive('requireInteraction', record)
    if (containsHandle(uri, 'deferral_code', record)) {
      throw new TypeError('requireInteraction: uri must not contain the deferral_code, use the id of the deferral')
    }
    return this.#change(id, transitions.requireInteraction({ uri }, by), record)
  }

  /**
   * Somebody has begun the interaction: call it when an authenticated person opens your page. With the option
   * `profiles.oauth.interactionPending` polls are answered `interaction_pending` until `resume` or the decision.
   */
  async beginInteraction(id: string, beginning: Actor = {}): Promise<Transition> {
    assertId('beginInteraction', id)
    const { by } = toBeginning(beginning)
    const record = await this.#find(id)
    assertInteractive('beginInteraction', record)
    return this.#change(id, transitions.beginInteraction(by), record)
  }

  /** Removes the interaction: polls are answered `authorization_pending` again. */
  async resume(id: string, resumption: Actor = {}): Promise<Transition> {
    assertId('resume', id)
    const { by } = toResumption(resumption)
    const record = await this.#find(id)
    assertInteractive('resume', record)
    return this.#change(id, transitions.resume(by), record)
  }

  /** Cancels a pending or approved deferral. Polls are answered `access_denied` until it expires. */
  async cancel(id: string, cancellation: Actor = {}): Promise<Transition> {
    assertId('cancel', id)
    const { by } = toCancellation(cancellation)
    return this.#change(id, transitions.cancel({ by }))
  }

  /** Moves the expiry of an exchanged deferral to `expiresIn` seconds from now, never beyond the Grant's own expiry. */
  async extend(id: string, extension: { expiresIn: number } & Actor): Promise<Transition> {
    assertId('extend', id)
    const { expiresIn, by } = toExtension(extension)
    const record = await this.#find(id)
    const isPending = isUnfinished(record) && isUnexpired(record, record.readAt)
    const limit = isPending ? await this.#grantExpiry(record) : undefined
    if (limit === 'gone') throw new RangeError('extend: the Grant behind this deferral is gone, cancel the deferral')
    if (limit && record.readAt.getTime() + expiresIn * 1000 > limit.getTime()) {
      throw new RangeError(`extend: the Grant behind this deferral ends at ${limit.toISOString()}`)
    }
    return this.#change(id, transitions.extend(expiresIn, by), record)
  }

  /**
   * Assigns a pending deferral for `for` seconds, by default 900. It binds nobody: others can decide all the same. Taking it from
   * somebody else needs that name in `from`. The assignment ends with the decision.
   */
  async assign(id: string, assignment: Assignment): Promise<Transition> {
    assertId('assign', id)
    return this.#change(id, assign(toAssignment(assignment)))
  }

  /** Ends the assignment of a pending deferral. */
  async unassign(id: string, unassignment: Actor = {}): Promise<Transition> {
    assertId('unassign', id)
    return this.#change(id, unassign(toUnassignment(unassignment).by))
  }

  /** Adds a comment for colleagues to the history, in every status. The client never gets it. */
  async comment(id: string, remark: Comment): Promise<Transition> {
    assertId('comment', id)
    return this.#change(id, comment(toComment(remark)))
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
