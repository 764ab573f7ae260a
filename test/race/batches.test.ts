import type { DeferralStore, Stored, Swap } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { leaseNotification } from '../../lib/deferral/notification_transitions.js'
import { recordsOf } from '../../lib/deferral/records.js'
import { decide, exchange } from '../../lib/deferral/transitions.js'
import { shuffle } from '../../lib/notification/shuffle.js'
import { newDeferral } from '../store/new_deferral.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { issuer } from '../support/records.js'

const page = 64
const rounds = 4
// what a busy database delays is due all the same
const now = new Date()

const nodeOn = (store: DeferralStore) =>
  recordsOf(store, { issuer, retention: 86_400, clock: () => now, onWritten: () => {} })

/** Planted: takes a batch of which a part was made for one that was made. */
function hasty(store: DeferralStore): DeferralStore {
  const recordOf = ({ before, change, writeId }: Swap): Stored => ({
    ...change.after,
    revision: before.revision + 1,
    writeId,
  })
  return {
    ...store,
    async swapAll(swaps) {
      const results = (await store.swapAll?.(swaps)) ?? []
      return results.some(Boolean) ? swaps.map(recordOf) : results
    },
  }
}

/** How many leases two nodes took that had read the same page. */
async function leases(stores: [DeferralStore, DeferralStore]): Promise<number> {
  const [first, second] = stores.map(nodeOn) as [ReturnType<typeof nodeOn>, ReturnType<typeof nodeOn>]
  const exchanged = exchange({ handleHash: 'hash', sealing: { sealed: 'sealed', delay: 0 } })
  const records = await Promise.all(
    Array.from({ length: page }, async () => {
      const { id } = (await first.create(newDeferral())) as Stored
      await first.transit(id, exchanged)
      return (await first.transit(id, decide('approved', {}))) as Stored
    }),
  )
  const take = (node: typeof first) =>
    shuffle(records).map((record) => node.transitInBatch(record.id, leaseNotification(10), record))
  // the first node has half of them when both go on with what they have read
  const half = shuffle(records).slice(0, page / 2)
  const taken = await Promise.all(half.map(({ id }) => first.transitInBatch(id, leaseNotification(10))))
  const others = await Promise.all([...take(second), ...take(first)])
  const results = [...taken, ...others]
  for (const { id } of records) expect((await first.find(id))?.notification).toMatchObject({ attempts: 1, fence: 1 })
  return results.filter(Boolean).length
}

describeMongo('two nodes that lease the notifications of one page in batches', () => {
  const database = useDatabase()

  const stores = async (): Promise<[DeferralStore, DeferralStore]> => [
    mongoStore(database.db),
    mongoStore(await database.connect()),
  ]

  test('make one attempt each, and the test catches a store that does not look which writes were made', async () => {
    const [one, other] = await stores()
    const planted: number[] = []
    while (planted.length < 20 && !planted.some((count) => count > page))
      planted.push(await leases([hasty(one), hasty(other)]))
    expect(Math.max(...planted)).toBeGreaterThan(page)
    for (let round = 0; round < rounds; round++) expect(await leases(await stores())).toBe(page)
  })
})
