/*
 * The part of the state machine for deferrals that several people have to approve: an approval is a vote, and the vote that
 * completes the quorum decides in the same write.
 */
import type { By, Decision, Vote } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { type Narrowing, narrowedFacts } from './narrow.js'
import { combine, namesOf } from './quorum.js'
import type { Change } from './store.js'
import { changeOf, isPending, type Transition } from './transition.js'
import { decide } from './transitions.js'

/** Whether several people have to approve. */
export const needsVotes = ({ quorum = 1 }: DeferralRecord) => quorum > 1

/** Approves, or votes where several people have to approve. Throws a `RangeError` if the votes cannot be combined. */
export const approve =
  (decision: Decision, narrowing: Narrowing): Transition =>
  (record, now) =>
    needsVotes(record) ? vote(record, decision, narrowing, now) : decide('approved', decision)(record, now)

/** Withdraws the votes with one of these names. */
export const unvote =
  (by: By): Transition =>
  (record, now) => {
    const { votes = [] } = record
    const others = votes.filter((cast) => !isBy(cast, by))
    if (!isPending(record, now) || others.length === votes.length) return undefined
    const members = { votes: others.length > 0 ? others : undefined }
    return changeOf(record, members, { at: now, event: 'unvoted', by }, true)
  }

function vote(record: DeferralRecord, decision: Decision, narrowing: Narrowing, now: Date): Change | undefined {
  const { quorum = 1, votes: earlier = [] } = record
  const { by } = decision
  if (by === undefined) throw new TypeError(`approve: by is required, this deferral needs ${quorum} approvals`)
  if (!isPending(record, now) || earlier.some((cast) => isBy(cast, by))) return undefined
  for (const cast of earlier) assertLasting(cast, now)
  const votes = [...earlier, { ...decision, by, at: now }]
  // tried at every vote: a vote that cannot be combined with the earlier ones is refused at once
  const combination = combine(record, votes, narrowing)
  if (votes.length >= quorum) return complete({ ...record, votes }, combination, quorum, now)
  const facts = { by, ...narrowedFacts(record, decision), votes: votes.length, quorum }
  return changeOf(record, { votes }, { at: now, event: 'voted', ...facts }, true)
}

function complete(record: DeferralRecord, decision: Decision, quorum: number, now: Date): Change | undefined {
  const change = decide('approved', decision)(record, now)
  return change?.entry && { ...change, entry: { ...change.entry, quorum } }
}

// one person has one vote, alone or with others
function isBy(cast: Vote, by: By): boolean {
  const names = namesOf(by)
  return namesOf(cast.by).some((name) => names.includes(name))
}

function assertLasting({ by, until }: Vote, now: Date): void {
  if (!until || until > now) return
  const names = namesOf(by).join(', ')
  throw new RangeError(`the vote of ${names} has ended at ${until.toISOString()}, withdraw it with unvote`)
}
