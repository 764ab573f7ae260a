import { MongoClient } from 'mongodb'
import type { AdapterFactory } from 'oidc-provider'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import type { Collection } from './collection.js'
import type { Evidence, Journey, Keys, Question } from './entries.js'
import { memoryCollection } from './memory.js'
import { mongoCollection } from './mongodb.js'

/** A MongoDB server. Default database: the one in the URI, otherwise `harbour`. */
export interface MongoServer {
  uri: string
  database?: string
}

/** Everything the bank stores: all of it in memory, or all of it in MongoDB. */
export interface Storage {
  name: string
  /** The plugin's own records. */
  deferrals: DeferralStore
  /** For oidc-provider's own models. Without it, oidc-provider keeps them in memory. */
  adapter?: AdapterFactory
  keys: Collection<Keys>
  evidence: Collection<Evidence>
  questions: Collection<Question>
  /** Of the relying party. A real one has a database of its own. */
  journeys: Collection<Journey>
  /** Deletes everything. */
  erase(): Promise<unknown>
  close(): Promise<void>
}

function memoryStorage(): Storage {
  return {
    name: 'memory',
    deferrals: memoryStore(),
    keys: memoryCollection(),
    evidence: memoryCollection(),
    questions: memoryCollection(),
    journeys: memoryCollection(),
    erase: async () => {},
    close: async () => {},
  }
}

async function mongoStorage({ uri, database }: MongoServer): Promise<Storage> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 5000 }).connect()
  const { dbName } = client.options
  // The driver says `test` for a URI without a database.
  const db = client.db(database ?? (dbName === 'test' ? 'harbour' : dbName))
  return {
    name: `MongoDB, database ${db.databaseName}`,
    deferrals: mongoStore(db),
    adapter: mongoAdapter(db),
    keys: await mongoCollection(db, 'bank_keys'),
    evidence: await mongoCollection(db, 'bank_evidence', 'uid'),
    questions: await mongoCollection(db, 'bank_questions', 'accountId'),
    journeys: await mongoCollection(db, 'relying_party_journeys', 'session'),
    erase: () => db.dropDatabase(),
    close: () => client.close(),
  }
}

/** Opens the storage, in memory without a server. */
export function openStorage(mongodb?: MongoServer): Promise<Storage> | Storage {
  return mongodb ? mongoStorage(mongodb) : memoryStorage()
}
