import { randomBytes } from 'node:crypto'
import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import { describe } from 'vitest'

const uri = process.env.DEFERRED_TEST_MONGODB_URI

/** `describe` for tests that need MongoDB: skipped, and listed as such, where no server is to be had. */
export const describeMongo = uri ? describe : describe.skip

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
