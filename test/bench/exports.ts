import type { Db } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { documentOf } from '../support/many_deferrals.js'
import { deferralsOf } from '../support/office.js'

const issuer = 'https://op.example'
const statuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired'] as const
const batch = 5_000
const day = 86_400_000

/** Exports so many deferrals from MongoDB, and prints the rate and the memory of this process on the way. */
export async function exports(db: Db, rows: number): Promise<void> {
  const store = mongoStore(db)
  await store.migrate()
  const end = Date.now() - day
  await fill(db, rows, (nth) => new Date(end - (rows - nth) * 1000))
  console.log(`\nexport of ${rows} deferrals`.padEnd(40), 'rows/s', 'RSS MB'.padStart(8), 'heap MB'.padStart(8))
  const begun = performance.now()
  let read = 0
  let last = 0
  for await (const { createdAt } of deferralsOf(store, issuer, () => new Date()).export()) {
    if (createdAt.getTime() < last) throw new Error('not oldest first')
    last = createdAt.getTime()
    read++
    if (read % Math.ceil(rows / 10) === 0 || read === rows) print(read, begun)
  }
  if (read !== rows) throw new Error(`${read} of ${rows} were exported`)
}

async function fill(db: Db, rows: number, createdAt: (nth: number) => Date): Promise<void> {
  const deferrals = db.collection<{ _id: string }>('deferrals')
  for (let from = 0; from < rows; from += batch) {
    const documents = Array.from({ length: Math.min(batch, rows - from) }, (_, index) => {
      const nth = from + index
      return documentOf({ issuer, status: statuses[nth % statuses.length] ?? 'pending', createdAt: createdAt(nth) })
    })
    await deferrals.insertMany(documents, { ordered: false })
  }
}

function print(read: number, begun: number): void {
  const { rss, heapUsed } = process.memoryUsage()
  const rate = (read / (performance.now() - begun)) * 1000
  const megabytes = [rss, heapUsed].map((bytes) => (bytes / 2 ** 20).toFixed(0).padStart(8))
  console.log(String(read).padEnd(39), rate.toFixed(0).padStart(6), ...megabytes)
}
