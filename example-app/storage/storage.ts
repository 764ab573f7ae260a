import { MongoClient } from 'mongodb'
import type { AdapterFactory } from 'oidc-provider'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import type { Collection } from './collection.js'
import type { Evidence, HistoryLine, Journey, Keys } from './entries.js'
import { memoryCollection } from './memory.js'
import { mongoCollection } from './mongodb.js'

/** Where to keep everything. The database is the URI's, or `harbour`, unless another is named. */
export interface MongoServer {
  uri: string
  database?: string
}

/** Everything the bank keeps, in one place: in memory, or all of it in MongoDB. */
export interface Storage {
  name: string
  /** The plugin's own records. */
  deferrals: DeferralStore
  /** oidc-provider's own models; left out, it keeps them in memory. */
  adapter?: AdapterFactory
  keys: Collection<Keys>
  evidence: Collection<Evidence>
  history: Collection<HistoryLine>
  /** The relying party's; a real one has a database of its own. */
  journeys: Collection<Journey>
  /** Forgets everything. */
  erase(): Promise<unknown>
  close(): Promise<void>
}

function memoryStorage(): Storage {
  return {
    name: 'memory',
    deferrals: memoryStore(),
    keys: memoryCollection(),
    evidence: memoryCollection(),
    history: memoryCollection(),
    journeys: memoryCollection(),
    erase: async () => {},
    close: async () => {},
  }
}

async function mongoStorage({ uri, database }: MongoServer): Promise<Storage> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 5000 }).connect()
  const named = client.options.dbName
  const db = client.db(database ?? (named === 'test' ? 'harbour' : named))
  return {
    name: `MongoDB, database ${db.databaseName}`,
    deferrals: mongoStore(db),
    adapter: mongoAdapter(db),
    keys: await mongoCollection(db, 'bank_keys'),
    evidence: await mongoCollection(db, 'bank_evidence', 'uid'),
    history: await mongoCollection(db, 'bank_history', 'deferralId'),
    journeys: await mongoCollection(db, 'relying_party_journeys', 'session'),
    erase: () => db.dropDatabase(),
    close: () => client.close(),
  }
}

/** In MongoDB when there is a server for it, in memory otherwise. */
export function openStorage(mongodb?: MongoServer): Promise<Storage> | Storage {
  return mongodb ? mongoStorage(mongodb) : memoryStorage()
}
