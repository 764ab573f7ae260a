import { groundOf, type Open } from './ground.js'
import { listingTests } from './listing_tests.js'
import { raceTests } from './race_tests.js'
import { recordTests } from './record_tests.js'
import { swapTests } from './swap_tests.js'

/** One test of the contract. `run` rejects with what the store does not keep, as an `AssertionError`, or with the error of the store. */
export interface ContractTest {
  name: string
  run(): Promise<void>
}

/**
 * What every `DeferralStore` has to keep, as tests for any test runner. `open` gives a store object over the same data each time,
 * as another node of the provider has it: another object, over another connection where there are connections. The tests use ids
 * and issuers of their own, delete nothing, and may run side by side.
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
  const tests = { ...recordTests, ...swapTests, ...listingTests, ...raceTests }
  return Object.entries(tests).map(([name, test]) => ({ name, run: async () => test(await groundOf(open)) }))
}
