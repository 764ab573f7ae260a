import type { Db } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { naiveAdapter } from '../mongodb/adapter/naive_adapter.js'

/** Planted: our adapter, but what detects replays finds first and saves then. */
export default function naiveReplay(db: Db) {
  const adapter = mongoAdapter(db)
  const naive = naiveAdapter(db)
  return (name: string) => (name === 'ReplayDetection' ? naive(name) : adapter(name))
}
