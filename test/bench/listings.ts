import type { Collection, Db, Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import type { DeferralStore, ListedStatus } from '../../lib/deferral/store.js'
import { documentOf } from '../support/many_deferrals.js'
import { issuer } from '../support/records.js'
import { table } from './report.js'
import { median, medianInterval } from './statistics.js'

type Deferrals = Collection<Document & { _id: string }>

/** A collection of the bench: its store, and the ids of its pending deferrals. */
interface Shelf {
  store: DeferralStore
  pending: string[]
}

const small = 10_000
const waiting = 5_000
const queues = 8
const batch = 5_000
const ended: ListedStatus[] = [
  'redeemed',
  'redeemed',
  'redeemed',
  'redeemed',
  'denied',
  'denied',
  'expired',
  'cancelled',
]
const pending: ['pending'] = ['pending']
const pageSize = 100

type Operation = [calls: number, run: (shelf: Shelf, nth: number) => Promise<unknown>]

/** Each operation, and how often it is called in a segment. */
const operations: Record<string, Operation> = {
  'P7 poll': [400, ({ store, pending: ids }, nth) => store.find(ids[(nth * 7919) % ids.length] as string)],
  'P13 list by due, 100': [20, ({ store }) => store.list({ issuer, status: pending, order: 'due', limit: pageSize })],
  'P13 list by due in a queue, 100': [
    20,
    ({ store }, nth) => store.list({ issuer, status: pending, queue: queueOf(nth), order: 'due', limit: pageSize }),
  ],
  'list newest, 100': [20, ({ store }) => store.list({ issuer, limit: pageSize })],
  'list newest pending, 100': [20, ({ store }) => store.list({ issuer, status: pending, limit: pageSize })],
  'P13 count of pending': [20, ({ store }) => store.count({ issuer, status: pending, limit: 10_000 })],
  'P13 count of pending in a queue': [
    20,
    ({ store }, nth) => store.count({ issuer, status: pending, queue: queueOf(nth), limit: 10_000 }),
  ],
  'P13 stats': [10, ({ store }) => store.stats({ issuer })],
}

/** Compares a collection of many deferrals with two of ten thousand. All have the same number of pending ones. */
export async function listings(db: Db, { rows: size, rounds }: { rows: number; rounds: number }): Promise<void> {
  const shelves = []
  for (const [name, count] of [
    ['small', small],
    ['again', small],
    ['large', size],
  ] as const)
    shelves.push(await filled(db, name, count))
  const [one, another, large] = shelves as [Shelf, Shelf, Shelf]
  const rows = []
  for (const [name, operation] of Object.entries(operations)) {
    await laps(operation, [one, another, large], 1)
    const all = await laps(operation, [one, another, large], rounds)
    const of = (place: number) => all.map((lap) => lap[place] as number)
    const ratio = (place: number) => {
      const {
        median: middle,
        low,
        high,
      } = medianInterval(all.map((lap) => (lap[0] as number) / (lap[place] as number)))
      return `${middle.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
    }
    rows.push([name, median(of(0)).toFixed(2), median(of(2)).toFixed(2), ratio(2), ratio(1)])
  }
  const heads = [`ms of ${small}`, `ms of ${size}`, 'many / few, goal 0.90', 'control 0.97 ... 1.03']
  table(`listings, ${waiting} pending, ${rounds} rounds`, heads, rows)
}

// milliseconds of a call for each collection, there and back: the median, because others may use the machine
async function laps([calls, run]: Operation, shelves: Shelf[], rounds: number): Promise<number[][]> {
  const all: number[][] = []
  for (let round = 0; round < rounds; round++) {
    const times = new Map<Shelf, number[]>(shelves.map((shelf) => [shelf, []]))
    for (const shelf of [...shelves, ...shelves.toReversed()]) {
      for (let nth = 0; nth < calls; nth++) {
        const begun = performance.now()
        await run(shelf, nth + round * calls)
        times.get(shelf)?.push(performance.now() - begun)
      }
    }
    all.push([...times.values()].map(median))
  }
  return all
}

// the indexes come last: building them at once takes less time
async function filled(db: Db, name: string, size: number): Promise<Shelf> {
  const collection: Deferrals = db.collection(name)
  const ids: string[] = []
  for (let made = 0; made < size; made += batch) {
    const documents = Array.from({ length: Math.min(batch, size - made) }, (_, nth) => one(made + nth, size))
    ids.push(...documents.filter(({ phase }) => phase === 'pending').map(({ _id }) => _id))
    await collection.insertMany(documents, { ordered: false, writeConcern: { w: 1 } })
  }
  const store = mongoStore(db, { collection: name })
  await store.migrate()
  return { store, pending: ids }
}

/** The nth of so many: pending ones among those of the last three days, the others over half a year before. */
function one(nth: number, size: number): Document & { _id: string } {
  const isPending = nth % (size / waiting) === 0
  const age = isPending ? Math.random() * 3 : Math.random() * 180
  return documentOf({
    issuer,
    status: isPending ? 'pending' : (ended[nth % ended.length] as ListedStatus),
    createdAt: new Date(Date.now() - age * 86_400_000),
    request: {
      clientId: `client ${nth % 20}`,
      accountId: `account ${nth % 50_000}`,
      queue: queueOf(Math.floor(Math.random() * queues)),
      ...(nth % 4 !== 0 || isPending ? { dueIn: Math.floor(Math.random() * 5 * 86_400) } : {}),
    },
    // half a year in the test, and no TTL index must delete it meanwhile
    members: { retention: 400 * 86_400 },
  })
}

function queueOf(nth: number): string {
  return `queue-${nth % queues}`
}
