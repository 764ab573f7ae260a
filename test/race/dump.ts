import type { Db } from 'mongodb'

/** Everything a database server keeps of one database, byte by byte, by where it is kept. */
export async function dump(db: Db): Promise<Map<string, string>> {
  const name = db.databaseName
  const texts = new Map<string, string>()
  for (const { name: collection } of await db.listCollections().toArray()) {
    texts.set(`collection ${collection}`, await raw(db, collection))
  }
  const deferrals = `${name}.deferrals`
  const elsewhere = { $regex: `^${name}\\.(?!deferrals$)` }
  const local = db.client.db('local')
  texts.set('oplog of deferrals', await raw(local, 'oplog.rs', { ns: deferrals }))
  texts.set('oplog of the rest', await raw(local, 'oplog.rs', { ns: elsewhere }))
  // several inserts at once are one entry of another form
  texts.set('oplog of groups', await raw(local, 'oplog.rs', { 'o.applyOps.ns': { $regex: `^${name}\\.` } }))
  // what retryable findAndModify commands answered is kept for their repetition
  const images = db.client.db('config')
  texts.set('images of deferrals', await raw(images, 'image_collection', { 'image.lifetime': { $exists: true } }))
  return texts
}

async function raw(db: Db, collection: string, filter: object = {}): Promise<string> {
  const documents = await db.collection(collection).find(filter, { raw: true }).toArray()
  return Buffer.concat(documents as unknown as Buffer[]).toString('latin1')
}
