/*
 * What a provider process that is to die works with: our store and adapter with a place to die around every call, and planted
 * stores that a death at the right place does show to be wrong.
 */
import type { Db } from 'mongodb'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { crashing, point } from './crash_point.js'

export const store = (db: Db): DeferralStore => crashing(mongoStore(db))

export const adapter = (db: Db) => {
  const make = mongoAdapter(db)
  return (name: string) => crashing(make(name), `${name}.`)
}

/** Planted: a redemption that marks first and mints then. */
export function burning(db: Db): DeferralStore {
  const inner = store(db)
  return {
    ...inner,
    async claim(id, claimId, lease) {
      const claimed = await inner.claim(id, claimId, lease)
      if (claimed?.claim) await inner.finalise(id, claimed.claim)
      return claimed
    },
  }
}

/** Planted: an exchange that spends the code as soon as it is read, and validates the request then. */
export function spending(db: Db): DeferralStore {
  const inner = store(db)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return {
    ...inner,
    async find(id) {
      const found = await inner.find(id)
      if (found && !found.exchangedAt) await inner.exchange(id, { handleHash: 'spent' })
      return found
    },
    async exchange(id, exchange) {
      point('before exchange')
      await deferrals.updateOne({ _id: id }, { $set: exchange })
      point('after exchange')
      return mongoStore(db).find(id)
    },
  }
}

/** Planted: a decision written in two steps, first what was decided, then how. */
export function halving(db: Db): DeferralStore {
  const inner = store(db)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return {
    ...inner,
    async decide(id, status, decision) {
      const decided = await inner.decide(id, status, {})
      point('before decide')
      if (decided) await deferrals.updateOne({ _id: id }, { $set: { decision: JSON.stringify(decision) } })
      point('after decide')
      return decided && mongoStore(db).find(id)
    },
  }
}

/** Planted: a deferral created in two steps, first what was requested, then the handle to poll with. */
export function halfMaking(db: Db): DeferralStore {
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return {
    ...store(db),
    async create({ handleHash, binding, ...request }, now) {
      await mongoStore(db).create(request, now)
      point('before create')
      const exchange = { handleHash, binding, exchangedAt: new Date() }
      await deferrals.updateOne({ _id: request.id }, { $set: exchange })
      point('after create')
      return (await mongoStore(db).find(request.id)) as DeferralRecord
    },
  }
}
