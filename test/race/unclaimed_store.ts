import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

/**
 * Planted: every transition atomic, but the redemption around it is the handler most people write, which reads, mints and then
 * marks as redeemed. Nothing is claimed, and nobody asks who finalised first.
 */
export default function unclaimedStore(db: Db): DeferralStore {
  const store = mongoStore(db)
  const deferrals = db.collection<{ _id: string }>('deferrals')
  return {
    ...store,
    async claim(id, claimId, lease, now = new Date()) {
      const record = await store.find(id)
      if (record?.status !== 'approved') return undefined
      return { ...record, claim: { id: claimId, fence: 1, until: new Date(now.getTime() + lease * 1000) } }
    },
    async finalise(id, _claim, now = new Date()) {
      await deferrals.updateOne({ _id: id }, { $set: { status: 'redeemed', redeemedAt: now } })
      return store.find(id)
    },
  }
}
