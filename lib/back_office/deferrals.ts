import { type Assignment, assign, type Comment, comment, unassign } from '../deferral/assignment_transitions.js'
import {
  type Actor,
  type Approval,
  type Denial,
  toAssignment,
  toComment,
  toExtension,
  toProgress,
  toUnassignment,
  toWithdrawal,
  type Withdrawal,
} from '../deferral/decision.js'
import type { Deferral, Interaction, Progress } from '../deferral/deferral.js'
import type { Records } from '../deferral/records.js'
import type { Stored } from '../deferral/store.js'
import type { Transition as RecordTransition } from '../deferral/transition.js'
import * as transitions from '../deferral/transitions.js'
import { unvote } from '../deferral/vote_transitions.js'
import { assertId, assertWithinGrant } from './assertions.js'
import { count, type DeferralCount, type DeferralStats, stats } from './counting.js'
import { type Decisions, decisionsOf } from './decisions.js'
import type { DeferralsDependencies } from './dependencies.js'
import { beginInteraction, reachOut, requireInteraction, resume } from './end_user.js'
import { type Erasure, type ErasureTarget, erase } from './erasure.js'
import { type ExportQuery, exportDeferrals } from './export.js'
import { type DeferralListing, type ListQuery, list, withHistory } from './listing.js'
import { type Notifications, notificationsOf } from './notifications.js'
import type { ListFilter } from './selection.js'
import { change, find, type Reviewed, type Transition } from './transition.js'
import { describingTo } from './watch.js'

/**
 * The back office of deferred requests. Methods take the internal `id`, never a handle. An unknown id rejects with
 * `code: 'ERR_DEFERRAL_NOT_FOUND'`, a wrong argument with a `TypeError`, a widening with a `RangeError`; nothing is changed then.
 */
export class Deferrals {
  readonly #records: Records
  readonly #dependencies: DeferralsDependencies
  readonly #decisions: Decisions
  readonly #closing = new AbortController()

  /** Notifications and their delivery. */
  readonly notifications: Notifications

  /** Aborted by `close`, for work that must not outlive the provider. */
  readonly closing: AbortSignal = this.#closing.signal

  constructor(dependencies: DeferralsDependencies) {
    const { records } = dependencies
    this.#records = records
    this.#dependencies = dependencies
    this.#decisions = decisionsOf(records, dependencies.narrowing)
    this.notifications = notificationsOf(records, (id, transition) => this.#change(id, transition))
  }

  /** The deferral with this id, and its history. */
  async get(id: string): Promise<Reviewed | undefined> {
    assertId('get', id)
    const record = await this.#records.find(id)
    return record && withHistory(this.#records, record)
  }

  /** A page of deferrals, newest first unless `order` says otherwise; `cursor` of one page asks for the next. */
  async list(query: ListQuery = {}): Promise<DeferralListing> {
    return list(this.#records, query)
  }

  /** Counts deferrals by status, each up to 10,000. */
  async count(filter: ListFilter = {}): Promise<DeferralCount> {
    return count(this.#records, filter)
  }

  /** How many are pending and overdue, and since when, in all and by queue. */
  async stats(): Promise<DeferralStats> {
    return stats(this.#records)
  }

  /** All deferrals with their history, oldest first, read page by page as they are consumed. A wrong argument throws at once. */
  export(query: ExportQuery = {}): AsyncGenerator<Reviewed, void, undefined> {
    return exportDeferrals(this.#records, query)
  }

  /**
   * Approves a pending deferral, with at most the requested rights. The client gets tokens at its next poll. With a `quorum` above 1
   * it is a vote, and `by` is required: the vote that completes the quorum decides, and what all votes allow is granted.
   */
  async approve(id: string, approval: Approval = {}): Promise<Transition> {
    return this.#decisions.approve(id, approval)
  }

  /** Withdraws the votes of the caller while the deferral is pending: all votes with one of the names in `by`. */
  async unvote(id: string, withdrawal: Withdrawal): Promise<Transition> {
    assertId('unvote', id)
    return this.#change(id, unvote(toWithdrawal(withdrawal).by))
  }

  /** Denies a pending deferral. Polls are answered `access_denied` until it expires. */
  async deny(id: string, denial: Denial = {}): Promise<Transition> {
    return this.#decisions.deny(id, denial)
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
    return requireInteraction(this.#records, id, interaction)
  }

  /**
   * Somebody has begun the interaction: call it when an authenticated person opens your page. With the option
   * `profiles.oauth.interactionPending` polls are answered `interaction_pending` until `resume` or the decision.
   */
  async beginInteraction(id: string, beginning: Actor = {}): Promise<Transition> {
    return beginInteraction(this.#records, id, beginning)
  }

  /**
   * Asks the end-user of a pending deferral over CIBA, again if nobody has answered. Only with the option `ciba.reachOut`. Nothing is
   * changed without an account, while a question is open, and after `ciba.maxLegs` questions.
   */
  async reachOut(id: string, request: Actor = {}): Promise<Transition> {
    return reachOut(this.#records, this.#dependencies.maxLegs, id, request)
  }

  /** Removes the interaction: polls are answered `authorization_pending` again. */
  async resume(id: string, resumption: Actor = {}): Promise<Transition> {
    return resume(this.#records, id, resumption)
  }

  /** Cancels a pending or approved deferral. Polls are answered `access_denied` until it expires. */
  async cancel(id: string, cancellation: Actor = {}): Promise<Transition> {
    return this.#decisions.cancel(id, cancellation)
  }

  /** Moves the expiry of an exchanged deferral to `expiresIn` seconds from now, never beyond the Grant's own expiry. */
  async extend(id: string, extension: { expiresIn: number } & Actor): Promise<Transition> {
    assertId('extend', id)
    const { expiresIn, by } = toExtension(extension)
    const record = await find(this.#records, id)
    await assertWithinGrant(record, expiresIn, this.#dependencies.grantExpiry)
    return this.#change(id, transitions.extend(expiresIn, by), record)
  }

  /**
   * Assigns a pending deferral for `for` seconds, by default 900. It is no permission: others can still decide. To take it over from
   * a colleague, give the name of that colleague in `from`. The assignment ends with the decision.
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

  /**
   * Erases the personal data of one deferral, or of all deferrals of an account. Pending and approved ones are cancelled first. The
   * result counts the deferrals that this call has erased. A call that failed may be repeated.
   */
  async erase(target: ErasureTarget, eraser: Actor = {}): Promise<Erasure> {
    return erase(this.#records, (id) => find(this.#records, id), target, eraser)
  }

  /**
   * Calls back with deferrals that any node has created or changed, where the store can tell. Calls may be lost or come twice. If
   * `onChange` throws, the plugin warns.
   */
  watch(onChange: (deferral: Deferral) => void): void {
    this.#dependencies.watch?.(describingTo(this.#records, onChange))
  }

  /** Ends the background work of this node. Waits ten seconds at most for work under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#dependencies.close()
  }

  /** Calls `close`, for `await using`. A provider that is not closed is never garbage collected. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #change(id: string, transition: RecordTransition, snapshot?: Stored): Promise<Transition> {
    return change(this.#records, id, transition, snapshot)
  }
}
