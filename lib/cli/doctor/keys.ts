import type { Document } from 'mongodb'
import type { Call } from '../command.js'
import { type Check, type Finding, fine, found } from './finding.js'
import { givenKeys } from './given_keys.js'

const check = 'keys'
const most = 100_000
// the header begins with alg, enc and kid: so many characters are the same for all that one key has sealed
const commonLength = 72

/** The keys that something is sealed with, and those that nothing needs any more. */
export const keys: Check = async (call) => {
  const given = givenKeys(call)
  const counts = new Map<string, number>()
  const parts = await sealedBy(call)
  for (const { header, count } of parts.flat()) {
    const id = idIn(header)
    if (header) counts.set(id, (counts.get(id) ?? 0) + count)
  }
  const isWhole = parts.every((rows) => rows.reduce((sum, { count }) => sum + count, 0) < most)
  const needed = [...counts].map(([id, count]) => neededFinding(id, count, given))
  const unneeded = [...given].filter(([id]) => !counts.has(id)).map(([id, name]) => unneededFinding(id, name, isWhole))
  if (needed.length + unneeded.length === 0) return [fine(check, 'nothing is sealed')]
  return [...needed, ...unneeded]
}

function neededFinding(id: string, count: number, given: Map<string, string>): Finding {
  const says = `${id} is needed by ${count} sealed ${count === 1 ? 'text' : 'texts'}`
  const name = given.get(id)
  if (name !== undefined) return fine(check, `${says}, it is in ${name}`)
  if (given.size === 0) return fine(check, says)
  return found(check, `${says}, and none of the given keys`, 'append it to the option keys of every node')
}

function unneededFinding(id: string, name: string, isWhole: boolean): Finding {
  const advice = isWhole ? 'unless it is the first one it may go' : 'not everything was read, keep it'
  return fine(check, `${id} in ${name}: nothing is sealed with it; ${advice}`)
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

async function sealedBy({ deployment }: Call): Promise<Row[][]> {
  const issuer = { $in: await deployment.issuers() }
  const unsent = { issuer, 'notification.status': { $in: ['waiting', 'owed', 'failed'] } }
  // every task and every open ping is in a deferral that a sweep looks at again
  const unfinished = { issuer, wakeAt: { $exists: true } }
  return Promise.all([
    headers(deployment, unsent, '$notification.sealed'),
    headers(deployment, unfinished, '$task.sealed'),
    headers(deployment, unfinished, '$ping.sealed'),
  ])
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
