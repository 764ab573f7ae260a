import type { Document } from 'mongodb'
import {
  commentEvents,
  lastingEvents,
  longestHistory,
  newestEntries,
  passingEvents,
  wholeHistory,
} from '../../deferral/history.js'
import type { StoredEntry } from '../../deferral/store.js'

/** The writes of a swap. */
export interface SwapWrites {
  set: Document
  unset: string[]
  entry: StoredEntry | undefined
  erasedNames?: readonly string[] | undefined
}

/**
 * The update of a swap. Operators cost less than an expression. An expression is needed where the database has to look at the
 * history: a long one loses an entry, and an erased one loses facts of each entry.
 */
export function updateOf(revision: number, writes: SwapWrites): Document | Document[] {
  const { set, unset, entry, erasedNames } = writes
  // the insert and each swap append at most one entry
  const isLong = revision + 2 > wholeHistory
  if (erasedNames || (entry && isLong)) return pipelineOf(writes)
  return {
    $set: set,
    ...(unset.length && { $unset: Object.fromEntries(unset.map((member) => [member, 1])) }),
    ...(entry && { $push: { history: entry } }),
    $inc: { revision: 1 },
  }
}

function pipelineOf({ set, unset, entry, erasedNames }: SwapWrites): Document[] {
  const members = Object.entries(set).map(([name, value]) => [name, { $literal: value }])
  const stored = { $ifNull: ['$history', []] }
  const kept = erasedNames ? erased(stored, erasedNames) : stored
  const history = entry ? appended(kept, entry) : kept
  const changes = { ...Object.fromEntries(members), revision: { $add: ['$revision', 1] }, history }
  return [{ $set: changes }, ...(unset.length ? [{ $unset: unset }] : [])]
}

// the same as `erasedHistory` of the state machine, as an expression; a member whose value is `$$REMOVE` is left out
function erased(history: Document, names: readonly string[]): Document {
  const isErased = (name: string) => ({ $in: [name, { $literal: [...names] }] })
  const others = { $filter: { input: '$$entry.by', as: 'name', cond: { $not: [isErased('$$name')] } } }
  const severalOthers = letIn({ others }, { $cond: [{ $eq: ['$$others', []] }, '$$REMOVE', '$$others'] })
  const other = { $cond: [isErased('$$entry.by'), '$$REMOVE', '$$entry.by'] }
  const kept = {
    at: '$$entry.at',
    event: '$$entry.event',
    writeId: '$$entry.writeId',
    by: { $cond: [{ $isArray: '$$entry.by' }, severalOthers, other] },
  }
  return { $map: { input: history, as: 'entry', in: kept } }
}

// the same as `appended` of the state machine, as an expression
function appended(history: Document, entry: StoredEntry): Document {
  const all = { $concatArrays: [history, [{ $literal: entry }]] }
  const length = { $size: '$$all' }
  const old = { $slice: ['$$all', { $subtract: [length, newestEntries] }] }
  const others = { $filter: { input: '$$all', cond: { $ne: ['$$this.writeId', '$$removed.writeId'] } } }
  const shorter = letIn({ old }, letIn({ removed }, others))
  return letIn({ all }, { $cond: [{ $lte: [length, wholeHistory] }, '$$all', shorter] })
}

const letIn = (vars: Document, expression: Document): Document => ({ $let: { vars, in: expression } })

const oldestOf = (cond: Document): Document => ({ $first: { $filter: { input: '$$old', cond } } })
const isOneOf = (events: readonly string[]): Document => ({ $in: ['$$this.event', [...events]] })

const removed = {
  $ifNull: [
    oldestOf(isOneOf(passingEvents)),
    oldestOf(isOneOf(commentEvents)),
    {
      $cond: [{ $gt: [{ $size: '$$all' }, longestHistory] }, oldestOf({ $not: [isOneOf(lastingEvents)] }), null],
    },
  ],
}
