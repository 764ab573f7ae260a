/*
 * What a provider that is to die works with: our store and adapter with a place to die around every call, and planted stores that a
 * death at the right place does show to be wrong. In a process of its own the process dies.
 */
import type { Db } from 'mongodb'
import type { DeferralStore, Stored } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { crashing, type Life, ofProcess } from './crash_point.js'
import * as naive from './naive_stores.js'

export const store = (db: Db, life: Life = ofProcess): DeferralStore => crashing(mongoStore(db), life)

export const adapter = (db: Db, life: Life = ofProcess) => {
  const make = mongoAdapter(db)
  return (name: string) => crashing(make(name), life, `${name}.`)
}

/** Planted: a redemption that marks first and mints then. */
export const burning = (db: Db, life: Life) => naive.burning(store(db, life))

/** Planted: answers first and writes then. */
export const hasty = (db: Db, life: Life) => naive.hasty(store(db, life))

/** Planted: an exchange that spends the code as soon as it is read, and validates the request then. */
export function spending(db: Db, life: Life): DeferralStore {
  const inner = store(db, life)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return {
    ...inner,
    async find(id, ...rest) {
      const found = await inner.find(id, ...rest)
      if (found && !found.exchangedAt) await deferrals.updateOne({ _id: id }, { $set: { exchangedAt: new Date() } })
      return found
    },
  }
}

/** Planted: a decision written in two steps, first how it was decided, then what. */
export function halving(db: Db, life: Life): DeferralStore {
  const inner = store(db, life)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return naive.swapping(inner, async (before, change, writeId, now) => {
    const { decision, ...after } = change.after as Stored & { decision: object }
    if (change.entry?.event !== 'approved') return inner.swap(before, change, writeId, now)
    const halved = { ...change, after: { ...after, decision: {} } as Stored }
    const swapped = await inner.swap(before, halved, writeId, now)
    await life.reach('before swap approved')
    if (swapped) await deferrals.updateOne({ _id: before.id }, { $set: { decision: JSON.stringify(decision) } })
    await life.reach('after swap approved')
    return swapped && naive.asWritten(before, change, writeId)
  })
}

/** Planted: a deferral created in two steps, first what was requested, then the handle to poll with. */
export function halfMaking(db: Db, life: Life): DeferralStore {
  const whole = mongoStore(db)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return {
    ...store(db, life),
    async insert({ handleHash, binding, ...record }, writeId, entry, now) {
      await whole.insert(record, writeId, entry, now)
      await life.reach('before insert')
      await deferrals.updateOne({ _id: record.id }, { $set: { handleHash, binding } })
      await life.reach('after insert')
      return whole.find(record.id, now)
    },
  }
}
