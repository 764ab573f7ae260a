import type { Db } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'

/** Our adapter, but `consume` marks and never refuses, as in the adapters the host ships: whoever found the code unused may go on. */
export default function naiveConsume(db: Db) {
  const adapter = mongoAdapter(db)
  const codes = db.collection<{ _id: string }>('oidc_authorization_code')
  const consume = async (id: string) => {
    await codes.updateOne({ _id: id }, { $set: { consumed: Math.floor(Date.now() / 1000) } })
  }
  return (name: string) => (name === 'AuthorizationCode' ? { ...adapter(name), consume } : adapter(name))
}
