import { type Db, MongoServerError } from 'mongodb'
import type { Collection, Entry } from './collection.js'

const duplicateKey = 11000

/** Keeps entries in a MongoDB collection, with an index on `key`. */
export async function mongoCollection<T extends Entry>(
  db: Db,
  name: string,
  key?: keyof T & string,
): Promise<Collection<T>> {
  const collection = db.collection<Entry>(name, {
    promoteBuffers: true,
    ignoreUndefined: true,
    writeConcern: { w: 'majority' },
  })
  if (key) await collection.createIndex({ [key]: 1, createdAt: 1 })
  // Only this module writes the collection, so an entry has the type it was written with.
  const read = (entry: Entry | null) => (entry ?? undefined) as T | undefined
  return {
    async insert(entry) {
      try {
        await collection.insertOne(entry)
        return true
      } catch (error) {
        if (error instanceof MongoServerError && error.code === duplicateKey) return false
        throw error
      }
    },
    async get(id) {
      return read(await collection.findOne({ _id: id }))
    },
    async find(fields) {
      const entries = await collection.find(fields).sort({ createdAt: 1 }).toArray()
      return entries.flatMap((entry) => read(entry) ?? [])
    },
    async update(id, expected, changes) {
      const filter = { ...expected, _id: id }
      return read(await collection.findOneAndUpdate(filter, { $set: changes }, { returnDocument: 'after' }))
    },
  }
}
