/*
 * Which index serves which listing. The index is named to the database: its own choice may be one that reads too much, and changes with
 * the data.
 */
import type { Collection, Document, Hint, IndexDescription, MongoServerError } from 'mongodb'
import type { DeferralFilter, DeferralQuery, ListOrder } from '../../deferral/queries.js'
import type { DeferralDocument } from './document.js'
import { nameOfIndex } from './indexes.js'
import {
  byAccount,
  byAssignee,
  byClient,
  byDue,
  byExpiry,
  byGrant,
  byNotification,
  byPhase,
  byQueue,
  byQueueDue,
} from './schema.js'
import type { PhaseSelection } from './selection.js'

/** Server codes: the hint matches no index, or several. */
const hintFaults: unknown[] = [2, 27]

/** The member that each order compares. */
const times = { newest: 'createdAt', oldest: 'createdAt', due: 'dueBy', expiring: 'expiresAt' } as const

/** The member that an order compares, and its direction. */
export function sortOf(order: ListOrder): { time: 'createdAt' | 'dueBy' | 'expiresAt'; direction: 1 | -1 } {
  return { time: times[order], direction: order === 'newest' ? -1 : 1 }
}

/** The index of a page. */
export function indexOfList(filter: DeferralFilter, order: DeferralQuery['order']): IndexDescription {
  if (order === 'due') return filter.queue === undefined ? byDue : byQueueDue
  if (order === 'expiring') return byExpiry
  if (filter.grantId !== undefined) return byGrant
  if (filter.accountId !== undefined) return byAccount
  if (filter.clientId !== undefined) return byClient
  if (typeof filter.assignee === 'string') return byAssignee
  if (filter.queue !== undefined) return byQueue
  return filter.notification === undefined ? byPhase : byNotification
}

/** The index of a count, which needs no order: those of pending deferrals have their expiry, too. */
export function indexOfCount(filter: DeferralFilter, phases: PhaseSelection[]): IndexDescription {
  const index = indexOfList(filter, 'newest')
  const isOpen = phases.every(({ phase, expiry }) => expiry && phase !== 'unclaimed')
  const isPending = isOpen && phases.every(({ phase }) => phase === 'pending')
  if (index === byQueue && isPending) return byQueueDue
  if (index !== byPhase || !isOpen) return index
  return isPending && filter.overdue ? byDue : byExpiry
}

/** Reads with a hint. Without the index: throws if `isRequired`, else lets the database choose. */
export async function readWith<T>(
  deferrals: Collection<DeferralDocument>,
  index: IndexDescription,
  read: (options: { hint?: Hint }) => Promise<T>,
  isRequired = false,
): Promise<T> {
  try {
    return await read({ hint: index.key as Document })
  } catch (error) {
    if (!hintFaults.includes((error as MongoServerError).code)) throw error
    // if several indexes have this key, for example with other collations, the database needs a name
    const name = await nameOfIndex(deferrals, index)
    if (!name && isRequired) throw error
    return read(name === undefined ? {} : { hint: name })
  }
}
