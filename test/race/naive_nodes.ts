/*
 * What provider processes work with in place of our store and adapter: planted stores, and an adapter that tells of every mint.
 */
import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import * as naive from './naive_stores.js'

export const unchecked = (db: Db) => naive.unchecked(mongoStore(db))

export const undecided = (db: Db) => naive.undecided(mongoStore(db))

export const hasty = (db: Db) => naive.hasty(mongoStore(db))

/** A deferral is created as a document is saved, over whatever has its id. */
export function overwriting(db: Db): DeferralStore {
  const store = mongoStore(db)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  const insert: DeferralStore['insert'] = async (record, ...rest) => {
    await deferrals.deleteOne({ _id: record.id })
    // somebody else's may be there again
    return (await store.insert(record, ...rest)) ?? insert(record, ...rest)
  }
  return { ...store, insert }
}

/** Our adapter. Each access token that is minted, also one that is destroyed again, leaves a note in the collection `minted`. */
export function noting(db: Db) {
  const make = mongoAdapter(db)
  return (model: string) => {
    const adapter = make(model)
    if (model !== 'AccessToken' && model !== 'ClientCredentials') return adapter
    const upsert: typeof adapter.upsert = async (id, payload, expiresIn) => {
      await db.collection('minted').insertOne({ grantId: payload.grantId })
      return adapter.upsert(id, payload, expiresIn)
    }
    return { ...adapter, upsert }
  }
}
