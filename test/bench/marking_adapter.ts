import type { Db } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'

/** Our adapter, but `consume` of a CIBA request marks and never refuses. oidc-provider asks no more of an adapter. */
export function markingAdapter(db: Db) {
  const adapter = mongoAdapter(db)
  const requests = db.collection<{ _id: string }>('oidc_backchannel_authentication_request')
  const consume = async (id: string) => {
    await requests.updateOne({ _id: id }, { $set: { consumed: Math.floor(Date.now() / 1000) } })
  }
  return (name: string) => (name === 'BackchannelAuthenticationRequest' ? { ...adapter(name), consume } : adapter(name))
}
