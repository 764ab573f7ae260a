import type { Db } from 'mongodb'
import { median, medianInterval } from '../../support/statistics.js'
import { databaseCpu } from '../database_cpu.js'
import { forget } from './lives.js'
import { type Operation, reads, writes } from './operations.js'
import { type Extent, type Shelf, shelfOf } from './shelf.js'
import { printSizes } from './sizes.js'

/** What one collection took in one round, for each call. */
interface Lap {
  milliseconds: number
  /** CPU microseconds of the database server */
  cpu: number
}

const small = 10_000

/** Compares a collection of many deferrals with two of ten thousand. */
export async function scale(db: Db, extent: Extent, rounds: number): Promise<void> {
  const few = { rows: small, pending: Math.min(extent.pending, small) }
  const name = ({ rows, pending }: Extent) => `${rows}_with_${pending}_pending`
  const shelves: [Shelf, Shelf, Shelf] = [
    await shelfOf(db, name(few), few),
    await shelfOf(db, `${name(few)}_again`, few),
    await shelfOf(db, name(extent), extent),
  ]
  await db.admin().command({ fsync: 1 })
  await printSizes('indexes built at once', { [small]: shelves[0].collection, [extent.rows]: shelves[2].collection })
  if (rounds === 0) return
  // in operation each of them is polled again and again
  for (const { store, pending } of shelves) for (const id of pending) await store.find(id)
  try {
    console.log(`\n${small} and ${extent.rows} deferrals, ${extent.pending} pending, ${rounds} rounds`)
    print('', ['ms', 'ms', 'few / many', 'control', 'CPU µs', 'CPU µs', 'few / many', 'control'])
    for (const operation of [...reads(extent.pending), ...writes]) {
      await lap(db, operation, shelves)
      const laps: Lap[][] = []
      for (let round = 0; round < (operation.rounds ?? rounds); round++) laps.push(await lap(db, operation, shelves))
      print(operation.name, columnsOf(laps))
    }
  } finally {
    for (const shelf of shelves) await forget(shelf)
  }
}

/** A segment of each collection, there and back: the median of the calls, because others may use the machine. */
async function lap(db: Db, operation: Operation, shelves: Shelf[]): Promise<Lap[]> {
  const segments = new Map<Shelf, { times: number[]; cpu: number }>()
  for (const shelf of shelves) segments.set(shelf, { times: [], cpu: 0 })
  for (const shelf of [...shelves, ...shelves.toReversed()]) {
    await operation.prepare?.(shelf, operation.calls)
    const segment = segments.get(shelf) as { times: number[]; cpu: number }
    const before = await databaseCpu(db)
    segment.times.push(...(await timesOf(operation, shelf)))
    segment.cpu += (await databaseCpu(db)) - before
  }
  return [...segments.values()].map(({ times, cpu }) => ({ milliseconds: median(times), cpu: cpu / times.length }))
}

let called = 0

async function timesOf({ calls, run }: Operation, shelf: Shelf): Promise<number[]> {
  const times: number[] = []
  for (let call = 0; call < calls; call++) {
    const begun = performance.now()
    await run(shelf, called++)
    times.push(performance.now() - begun)
  }
  return times
}

// one row after the other: all of them take minutes
function print(name: string, columns: string[]): void {
  const widths = [9, 9, 20, 20, 9, 9, 20, 20]
  console.log(name.padEnd(34), ...columns.map((column, nth) => column.padEnd(widths[nth] ?? 0)))
}

function columnsOf(laps: Lap[][]): string[] {
  const columns = (of: (lap: Lap) => number, digits: number) => {
    const [few, again, many] = [0, 1, 2].map((place) => laps.map((lap) => of(lap[place] as Lap))) as [
      number[],
      number[],
      number[],
    ]
    const ratio = (others: number[]) => {
      const { median: middle, low, high } = medianInterval(few.map((value, round) => value / (others[round] as number)))
      return `${middle.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
    }
    return [median(few).toFixed(digits), median(many).toFixed(digits), ratio(many), ratio(again)]
  }
  return [...columns(({ milliseconds }) => milliseconds, 2), ...columns(({ cpu }) => cpu, 0)]
}
