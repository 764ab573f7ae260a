import { issuer } from '../../support/records.js'
import { approve, create, expire, plantExpired, redeem } from './lives.js'
import { queueOf, type Shelf } from './shelf.js'

/** What is measured: how often it is called in a segment, and what has to be there before. */
export interface Operation {
  name: string
  calls: number
  /** fewer rounds than others */
  rounds?: number
  prepare?: (shelf: Shelf, calls: number) => Promise<unknown>
  run: (shelf: Shelf, nth: number) => Promise<unknown>
}

const pending: ['pending'] = ['pending']
const limit = 100
const page = 256
const manyPending = 100_000

/** What changes nothing. */
export function reads(pendingOnes: number): Operation[] {
  const list = (name: string, run: Operation['run']): Operation => ({ name, calls: 20, run })
  return [
    // in an order that is not that of their ids
    {
      name: 'P7 poll',
      calls: 400,
      run: ({ store, pending: ids }, nth) => store.find(ids[(nth * 7919) % ids.length] as string),
    },
    { name: 'P7 sweep, nothing due', calls: 100, run: ({ store }) => store.due({ issuer, limit: page }) },
    list('P13 list by due, 100', ({ store }) => store.list({ issuer, status: pending, order: 'due', limit })),
    list('P13 list by due in a queue, 100', ({ store }, nth) =>
      store.list({ issuer, status: pending, queue: queueOf(nth), order: 'due', limit }),
    ),
    list('list newest, 100', ({ store }) => store.list({ issuer, limit })),
    list('list newest pending, 100', ({ store }) => store.list({ issuer, status: pending, limit })),
    list('P13 count of pending', ({ store }) => store.count({ issuer, status: pending, limit: 10_000 })),
    list('P13 count of pending in a queue', ({ store }, nth) =>
      store.count({ issuer, status: pending, queue: queueOf(nth), limit: 10_000 }),
    ),
    {
      name: 'P13 stats',
      // seconds, where very many are pending
      ...(pendingOnes > manyPending ? { calls: 1, rounds: 1 } : { calls: 10 }),
      run: ({ store }) => store.stats({ issuer }),
    },
  ]
}

/** A life, step by step: the next step takes what the one before left. Then a round of the sweep. */
export const writes: Operation[] = [
  { name: 'create', calls: 100, run: create },
  { name: 'approve', calls: 100, run: approve },
  { name: 'P7 redeem', calls: 100, run: redeem },
  {
    name: 'P7 sweep, 256 expire',
    calls: 2,
    prepare: (shelf, calls) => plantExpired(shelf, calls * page),
    run: (shelf) => expire(shelf, page),
  },
]
