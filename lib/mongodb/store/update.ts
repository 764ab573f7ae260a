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
}

/** The update of a swap. Only a long history costs more than an operator: then the database chooses the entry that goes. */
export function updateOf(revision: number, { set, unset, entry }: SwapWrites): Document | Document[] {
  // the insert and each swap append at most one entry
  const isLong = revision + 2 > wholeHistory
  if (entry && isLong) return pipelineOf({ set, unset }, entry)
  return {
    $set: set,
    ...(unset.length && { $unset: Object.fromEntries(unset.map((member) => [member, 1])) }),
    ...(entry && { $push: { history: entry } }),
    $inc: { revision: 1 },
  }
}

function pipelineOf({ set, unset }: Omit<SwapWrites, 'entry'>, entry: StoredEntry): Document[] {
  const members = Object.entries(set).map(([name, value]) => [name, { $literal: value }])
  const changes = { ...Object.fromEntries(members), revision: { $add: ['$revision', 1] }, history: appended(entry) }
  return [{ $set: changes }, ...(unset.length ? [{ $unset: unset }] : [])]
}

// the same as `appended` of the state machine, as an expression
function appended(entry: StoredEntry): Document {
  const all = { $concatArrays: [{ $ifNull: ['$history', []] }, [{ $literal: entry }]] }
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
