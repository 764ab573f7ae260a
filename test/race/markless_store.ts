import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

/** Planted: a second use of a code leaves no mark for the deferral that is about to be created. */
export default function marklessStore(db: Db): DeferralStore {
  const store = mongoStore(db)
  const insert: DeferralStore['insert'] = async (record, ...rest) =>
    record.issuer ? store.insert(record, ...rest) : undefined
  return { ...store, insert }
}
