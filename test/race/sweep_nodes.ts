/*
 * What provider processes sweep with: our store, which says on stdout what it has written, and which may die in the middle of it; and a
 * planted one that writes without a condition.
 */
import { writeSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { unchecked } from './naive_stores.js'

const events: unknown[] = ['expired', 'overdue']
const round = 500

const never = new Promise<never>(() => undefined)

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return never
}

/** Nodes that have read the same begin to write at the same time. */
async function together(): Promise<void> {
  await after(round - (Date.now() % round))
}

/** Our store; dies before this write of a sweep, or after the first one from this on that another node has not made before. */
function sweeping(db: Db, dying: { before?: number; after?: number } = {}): DeferralStore {
  const store = mongoStore(db)
  let writes = 0
  return {
    ...store,
    async due(...args) {
      const due = await store.due(...args)
      if (due.length > 0) await together()
      return due
    },
    async swap(before, change, ...rest) {
      if (!events.includes(change.entry?.event)) return store.swap(before, change, ...rest)
      writes += 1
      const write = writes
      if (write === dying.before) return die()
      const swapped = await store.swap(before, change, ...rest)
      if (swapped && write >= (dying.after ?? Number.POSITIVE_INFINITY)) return die()
      if (swapped) writeSync(1, `wrote ${change.entry?.event} ${before.id}\n`)
      return swapped
    },
  }
}

export const living = (db: Db): DeferralStore => sweeping(db)
export const dyingBefore = (db: Db): DeferralStore => sweeping(db, { before: 40 })
export const dyingAfter = (db: Db): DeferralStore => sweeping(db, { after: 70 })

/** Planted: writes whatever another node has written meanwhile. */
export const careless = (db: Db): DeferralStore => unchecked(sweeping(db))
