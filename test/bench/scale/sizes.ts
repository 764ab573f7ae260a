import type { Db } from 'mongodb'
import { table } from '../report.js'
import { type Deferrals, shelfOf } from './shelf.js'

interface IndexFile {
  'block-manager': { 'file bytes available for reuse': number }
}

interface Sizes {
  count: number
  size: number
  storageSize: number
  indexSizes: Record<string, number>
  indexDetails: Record<string, IndexFile>
}

/** Prints the bytes per record of these collections: documents as they are and as they lie on the disk, and each index. */
export async function printSizes(title: string, collections: Record<string, Deferrals>): Promise<void> {
  const all = await Promise.all(Object.values(collections).map(sizesOf))
  const names = Object.keys(all[0]?.indexSizes ?? {})
  const row = (name: string, of: (sizes: Sizes) => number) => [
    name,
    ...all.map((sizes) => (of(sizes) / sizes.count).toFixed(0)),
  ]
  const sum = ({ indexSizes }: Sizes) => Object.values(indexSizes).reduce((total, bytes) => total + bytes, 0)
  table(`${title}, bytes per record`, Object.keys(collections), [
    row('document', ({ size }) => size),
    row('document on the disk', ({ storageSize }) => storageSize),
    ...names.map((name) => row(`index ${name}`, ({ indexSizes }) => indexSizes[name] ?? 0)),
    row('all indexes', sum),
    row('of these free', free),
  ])
}

// each checkpoint writes changed pages to other places of the file; the next one may write there again
function free({ indexDetails }: Sizes): number {
  const files = Object.values(indexDetails)
  return files.reduce((total, file) => total + file['block-manager']['file bytes available for reuse'], 0)
}

async function sizesOf(collection: Deferrals): Promise<Sizes> {
  const [found] = await collection.aggregate<{ storageStats: Sizes }>([{ $collStats: { storageStats: {} } }]).toArray()
  if (!found) throw new Error(`no statistics of ${collection.collectionName}`)
  return found.storageStats
}

/** Prints what pending and ended deferrals take where their indexes have grown with them, as they do in operation. */
export async function sizes(db: Db, rows: number): Promise<void> {
  const pending = await shelfOf(db, 'grown_pending', { rows, pending: rows }, 'first')
  const ended = await shelfOf(db, 'grown_ended', { rows, pending: 0 }, 'first')
  // statistics of the disk are those of the last checkpoint
  await db.admin().command({ fsync: 1 })
  await printSizes(`${rows} deferrals`, { pending: pending.collection, ended: ended.collection })
}
