import type { Document } from 'mongodb'
import type { Call } from '../command.js'
import { type Check, type Finding, fine, found } from './finding.js'
import { givenKeys } from './given_keys.js'

const check = 'keys'
const most = 100_000
// the header begins with alg, enc and kid: so many characters are the same for all that one key has sealed
const commonLength = 72

/** Which keys are needed. A given key is not needed if no deferral of any issuer is sealed with it. */
export const keys: Check = async (call) => {
  const given = givenKeys(call)
  const needed = await sealedBy(call.deployment, await call.deployment.issuers())
  const findings = [
    ...[...needed.counts].map(([id, count]) => neededFinding(id, count, given)),
    ...(await unneededFindings(call, given, needed)),
  ]
  return findings.length ? findings : [fine(check, 'nothing is sealed')]
}

/** The given keys that the selected issuers do not need. */
async function unneededFindings({ deployment }: Call, given: Map<string, string>, needed: Sealed): Promise<Finding[]> {
  const unneeded = [...given].filter(([id]) => !needed.counts.has(id))
  if (unneeded.length === 0) return []
  const [all, selected] = [await deployment.allIssuers(), await deployment.issuers()]
  const others = all.filter((issuer) => !selected.includes(issuer))
  const neededByOthers = await sealedBy(deployment, others)
  const [isWhole, isEmpty] = [needed.isWhole && neededByOthers.isWhole, all.length === 0]
  return unneeded.map(([id, name]) => {
    const advice = adviceOf({ count: neededByOthers.counts.get(id), isWhole, isEmpty })
    return fine(check, `${id} in ${name}: ${advice}`)
  })
}

function neededFinding(id: string, count: number, given: Map<string, string>): Finding {
  const says = `${id} is needed by ${count} sealed ${count === 1 ? 'text' : 'texts'}`
  const name = given.get(id)
  if (name !== undefined) return fine(check, `${says}, it is in ${name}`)
  if (given.size === 0) return fine(check, says)
  return found(check, `${says}, and none of the given keys`, 'append it to the option keys of every node')
}

/** What to do with a key that the selected issuers do not need. */
function adviceOf({ count, isWhole, isEmpty }: { count: number | undefined; isWhole: boolean; isEmpty: boolean }) {
  if (count === 1) return '1 sealed text of another issuer needs it, keep it'
  if (count !== undefined) return `${count} sealed texts of other issuers need it, keep it`
  // a misspelt collection is empty, too
  if (isEmpty) return 'there is no deferral, keep it'
  return isWhole
    ? 'no sealed text in this collection needs it; remove it, unless it is the first key'
    : 'not everything was read, keep it'
}

function idIn(header: string): string {
  const [, id = 'an unknown key'] = /"kid":"([\w-]+)"/.exec(Buffer.from(header, 'base64url').toString()) ?? []
  return id
}

interface Row {
  /** the beginning of what is sealed; empty if nothing is */
  header: string
  count: number
}

interface Sealed {
  /** sealed texts by the id of their key */
  counts: Map<string, number>
  /** all was read */
  isWhole: boolean
}

async function sealedBy(deployment: Call['deployment'], issuers: string[]): Promise<Sealed> {
  const issuer = { $in: issuers }
  const unsent = { issuer, 'notification.status': { $in: ['waiting', 'owed', 'failed'] } }
  // every task and every open ping is in a deferral that a sweep looks at again
  const unfinished = { issuer, wakeAt: { $exists: true } }
  const parts = await Promise.all([
    headers(deployment, unsent, '$notification.sealed'),
    headers(deployment, unfinished, '$task.sealed'),
    headers(deployment, unfinished, '$ping.sealed'),
  ])
  const counts = new Map<string, number>()
  for (const { header, count } of parts.flat()) {
    const id = idIn(header)
    if (header) counts.set(id, (counts.get(id) ?? 0) + count)
  }
  return { counts, isWhole: parts.every((rows) => rows.reduce((sum, { count }) => sum + count, 0) < most) }
}

function headers({ collection }: Call['deployment'], query: Document, member: string): Promise<Row[]> {
  const header = { $substrCP: [{ $ifNull: [member, ''] }, 0, commonLength] }
  const stages = [
    { $match: query },
    { $limit: most },
    { $group: { _id: header, count: { $sum: 1 } } },
    { $project: { _id: 0, header: '$_id', count: 1 } },
  ]
  return collection.aggregate<Row>(stages, { maxTimeMS: 30_000 }).toArray()
}
