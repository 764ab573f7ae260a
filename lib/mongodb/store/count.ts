import type { Collection, Document, IndexDescription } from 'mongodb'
import type { CountQuery } from '../../deferral/queries.js'
import { endOfTime } from './derived.js'
import type { DeferralDocument, Instant } from './document.js'
import { indexOfCount, readWith } from './plan.js'
import { ofPending } from './schema.js'
import { conditionsOf, isOnSide, type PhaseSelection, phasesOf } from './selection.js'

type Deferrals = Collection<DeferralDocument>

/** Counts deferrals, up to the limit: those whose expiry does not matter, and those whose expiry is compared with the clock. */
export async function countDeferrals(deferrals: Deferrals, query: CountQuery, now: Instant): Promise<number> {
  const phases = phasesOf(query.status)
  const parts = [phases.filter(({ expiry }) => !expiry), phases.filter(({ expiry }) => expiry)]
  const counts = parts.map((part) => (part.length ? countPart(deferrals, query, part, now) : 0))
  const sum = (await Promise.all(counts)).reduce((total, count) => total + count, 0)
  return Math.min(sum, query.limit)
}

async function countPart(
  deferrals: Deferrals,
  { limit, ...filter }: CountQuery,
  phases: PhaseSelection[],
  now: Instant,
): Promise<number> {
  const index = indexOfCount(filter, phases)
  const stages = [
    { $match: { $and: [...conditionsOf(filter, now), phaseCondition(ofPending.includes(index), phases)] } },
    ...expiryStages(index, phases, now),
    { $limit: limit },
    { $count: 'count' },
  ]
  const [row] = await readWith(deferrals, index, (hint) =>
    deferrals.aggregate<{ count: number }>(stages, hint).toArray(),
  )
  return row?.count ?? 0
}

// the expiry is the same for all of them
function expiryStages(index: IndexDescription, [selection]: PhaseSelection[], now: Instant): Document[] {
  if (!selection?.expiry) return []
  const isCounted = isOnSide(selection.expiry, now)
  const isCovered = selection.expiry === 'before' && 'expiresAt' in index.key
  // a computed member comes from the index alone; a condition reads documents, but no more than the limit
  return isCovered
    ? [{ $project: { _id: 0, isCounted } }, { $match: { isCounted: true } }]
    : [{ $match: { $expr: isCounted } }]
}

function phaseCondition(isOfPending: boolean, phases: PhaseSelection[]): Document {
  return isOfPending ? { dueBy: { $lte: endOfTime } } : { phase: { $in: phases.map(({ phase }) => phase) } }
}
