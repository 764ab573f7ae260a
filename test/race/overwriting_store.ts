import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

/** Planted: a deferral is created as a document is saved, over whatever has its id. */
export default function overwritingStore(db: Db): DeferralStore {
  const store = mongoStore(db)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  const create: DeferralStore['create'] = async (deferral, now) => {
    await deferrals.deleteOne({ _id: deferral.id })
    // somebody else's may be there again
    return store.create(deferral, now).catch(() => create(deferral, now))
  }
  return { ...store, create }
}
