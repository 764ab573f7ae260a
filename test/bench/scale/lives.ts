/*
 * What the bench writes, by the transitions of the plugin.
 */
import { recordsOf } from '../../../lib/deferral/records.js'
import { expire as expireTransition } from '../../../lib/deferral/sweep_transitions.js'
import { documentOf, newDeferral } from '../../support/many_deferrals.js'
import { issuer, verbsOn } from '../../support/records.js'
import { queueOf, type Shelf } from './shelf.js'

const day = 86_400
const decision = { by: 'reviewer' }
// as many as a sweep
const writesAtOnce = 16

const request = (nth: number) => ({
  clientId: `client ${nth % 20}`,
  accountId: `account ${nth % 50_000}`,
  queue: queueOf(nth),
  dueIn: 5 * day,
})

/** Creates a deferral that waits. */
export async function create({ store, lives }: Shelf, nth: number): Promise<void> {
  const created = await verbsOn(store).create(newDeferral(request(nth)))
  if (!created) throw new Error('not created')
  lives.created.push(created.id)
}

/** Approves one that was created. */
export async function approve({ store, lives }: Shelf): Promise<void> {
  const id = lives.created.shift() as string
  if (!(await verbsOn(store).decide(id, 'approved', decision))) throw new Error('not approved')
  lives.approved.push(id)
}

/** Redeems one that was approved, as a poll does: one read, one write. */
export async function redeem({ store, lives }: Shelf): Promise<void> {
  const id = lives.approved.shift() as string
  const verbs = verbsOn(store)
  const found = await verbs.find(id)
  if (found?.status !== 'approved') throw new Error('not approved')
  const { decision, decidedAt } = found
  if (!(await verbs.redeem(id, { decision, decidedAt }, undefined, found))) throw new Error('not redeemed')
  lives.ended.push(id)
}

/** Puts so many pending deferrals there that have expired since the last sweep. */
export async function plantExpired({ collection, lives }: Shelf, count: number): Promise<void> {
  const createdAt = new Date(Date.now() - 8 * day * 1000)
  const documents = Array.from({ length: count }, (_, nth) => {
    const { dueIn, ...others } = request(nth)
    return documentOf({ issuer, status: 'pending', createdAt, request: others })
  })
  await collection.insertMany(documents)
  lives.ended.push(...documents.map(({ _id }) => _id))
}

/** A round of the sweep: a page of due ones, and the expiry of each. */
export async function expire({ store }: Shelf, limit: number): Promise<void> {
  const records = recordsOf(store, { issuer, retention: day, clock: () => undefined, onWritten: () => {} })
  const due = await records.due({ limit })
  if (due.length < limit) throw new Error(`${due.length} of ${limit} are due`)
  const work = async () => {
    for (let record = due.pop(); record; record = due.pop()) await records.sweep(record.id, expireTransition, record)
  }
  await Promise.all(Array.from({ length: writesAtOnce }, work))
}

/** Deletes all of them. */
export async function forget({ collection, lives }: Shelf): Promise<void> {
  const _id = { $in: [...lives.created, ...lives.approved, ...lives.ended] }
  await collection.deleteMany({ _id })
}
