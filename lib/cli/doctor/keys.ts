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
  for (const { header, count } of await sealedBy(call)) {
    const id = idIn(header)
    counts.set(id, (counts.get(id) ?? 0) + count)
  }
  const needed = [...counts].map(([id, count]) => neededFinding(id, count, given))
  const unneeded = [...given].filter(([id]) => !counts.has(id)).map(([id, name]) => unneededFinding(id, name))
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

function unneededFinding(id: string, name: string): Finding {
  return fine(check, `${id} in ${name}: nothing is sealed with it; unless it is the first one it may go`)
}

function idIn(header: string): string {
  const [, id = 'an unknown key'] = /"kid":"([\w-]+)"/.exec(Buffer.from(header, 'base64url').toString()) ?? []
  return id
}

async function sealedBy({ deployment }: Call): Promise<{ header: string; count: number }[]> {
  const issuer = { $in: await deployment.issuers() }
  const notified = { issuer, 'notification.status': { $in: ['waiting', 'owed', 'failed'] } }
  const open = { issuer, phase: { $in: ['unclaimed', 'pending', 'approved'] } }
  const parts = [headers(deployment, notified, 'notification.sealed'), headers(deployment, open, 'task.sealed')]
  return (await Promise.all(parts)).flat()
}

function headers({ collection }: Call['deployment'], query: Document, member: string) {
  const stages = [
    { $match: query },
    { $limit: most },
    { $match: { [member]: { $exists: true } } },
    { $group: { _id: { $substrCP: [`$${member}`, 0, commonLength] }, count: { $sum: 1 } } },
    { $project: { _id: 0, header: '$_id', count: 1 } },
  ]
  return collection.aggregate<{ header: string; count: number }>(stages, { maxTimeMS: 30_000 }).toArray()
}
