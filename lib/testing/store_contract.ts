import { batchTests } from './batch_tests.js'
import { filterTests } from './filter_tests.js'
import { fixtureOf, type Open } from './fixture.js'
import { historyTests } from './history_tests.js'
import { listingTests } from './listing_tests.js'
import { orderTests } from './order_tests.js'
import { raceTests } from './race_tests.js'
import { recordTests } from './record_tests.js'
import { swapTests } from './swap_tests.js'
import { watchTests } from './watch_tests.js'

/**
 * One test of the contract. `run` rejects with an `AssertionError` where the store breaks the contract, or with the error of the
 * store.
 */
export interface ContractTest {
  /** a sentence of the contract */
  name: string
  /** Runs the test. */
  run(): Promise<void>
}

/**
 * The contract of a `DeferralStore`, as tests for any test runner. Each call of `open` returns another store object over the same
 * data, as another node of the provider would have it, over another connection if the store has connections. The tests use ids
 * and issuers of their own, delete nothing, and may run side by side. The tests of `swapAll` and `watch` pass if
 * the store has none.
 *
 * With the test runner of Node.js:
 *
 * ```ts
 * import { test } from 'node:test'
 * import { storeContract } from 'oidc-provider-deferred/testing'
 *
 * for (const { name, run } of storeContract(() => myStore(connect()))) test(name, run)
 * ```
 *
 * With Jest or Vitest:
 *
 * ```ts
 * test.each(storeContract(() => myStore(connect())))('$name', ({ run }) => run())
 * ```
 */
export function storeContract(open: Open): ContractTest[] {
  const listings = { ...listingTests, ...filterTests, ...orderTests }
  const tests = {
    ...recordTests,
    ...swapTests,
    ...historyTests,
    ...listings,
    ...raceTests,
    ...batchTests,
    ...watchTests,
  }
  return Object.entries(tests).map(([name, test]) => ({ name, run: async () => test(await fixtureOf(open)) }))
}
