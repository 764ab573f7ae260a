import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

/** Planted: a store that lets every redemption believe that it was the one, also where it was cancelled meanwhile. */
export default function heedlessStore(db: Db): DeferralStore {
  const store = mongoStore(db)
  const finalise: DeferralStore['finalise'] = async (id, claim, now) =>
    (await store.finalise(id, claim, now)) ?? store.find(id, now)
  return { ...store, finalise }
}
