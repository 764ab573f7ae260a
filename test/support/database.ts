import { randomBytes } from 'node:crypto'
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe } from 'vitest'

const uri = process.env.DEFERRED_TEST_MONGODB_URI

/** `describe` for tests that need MongoDB: skipped, and listed as such, where no server is to be had. */
export const describeMongo = uri ? describe : describe.skip

type MongoAdapter = ReturnType<ReturnType<typeof mongoAdapter>>

export type TestDatabase = {
  db: Db
  /** Another connection to the same database, as another node of the provider has. */
  connect(options?: MongoClientOptions): Promise<Db>
  /** Drops the database and closes every connection. */
  drop(): Promise<void>
}

/** A database of its own, with a random name. */
export async function testDatabase(options?: MongoClientOptions): Promise<TestDatabase> {
  if (!uri) throw new Error('no MongoDB: call this inside describeMongo')
  const name = `deferred_${randomBytes(6).toString('hex')}`
  const clients: MongoClient[] = []
  const connect = async (connectOptions?: MongoClientOptions) => {
    const client = await MongoClient.connect(uri, connectOptions)
    clients.push(client)
    return client.db(name)
  }
  const db = await connect(options)
  const drop = async () => {
    await db.dropDatabase()
    await Promise.all(clients.map((client) => client.close()))
  }
  return { db, connect, drop }
}

/** A database for the tests of this `describe`: made before the first of them, dropped after the last. */
export function useDatabase(options?: MongoClientOptions): TestDatabase {
  const database = {} as TestDatabase
  beforeAll(async () => {
    Object.assign(database, await testDatabase(options))
  })
  afterAll(() => database.drop?.())
  return database
}

/** A store in such a database. It is there once the tests run. */
export function useMongoStore(): () => DeferralStore {
  const database = useDatabase()
  let store: DeferralStore
  beforeAll(() => {
    store = mongoStore(database.db)
  })
  return () => store
}

/** An adapter in such a database. */
export function useMongoAdapter(): { database: TestDatabase; adapter: (name: string) => MongoAdapter } {
  const database = useDatabase()
  let adapter: ReturnType<typeof mongoAdapter>
  beforeAll(() => {
    adapter = mongoAdapter(database.db)
  })
  return { database, adapter: (name) => adapter(name) }
}
