import { describe, expect, test } from '@jest/globals'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { storeContract } from 'oidc-provider-deferred/testing'
import { plant, plantedStores } from './planted_stores.js'

describe('I5 T1 the contract catches a store', () => {
  test.each(Object.entries(plantedStores))('%s', async (_fault, { planted, fails }) => {
    const store = plant(planted)
    const contract = storeContract(async () => store)
    for (const beginning of fails) {
      const failing = contract.find(({ name }) => name.startsWith(beginning))
      await expect(failing!.run()).rejects.toThrow()
    }
  })
})

test('a store that is far away keeps the contract', async () => {
  const store = far(memoryStore())
  for (const { run } of storeContract(() => store)) await run()
})

// every call takes a turn of the event loop, in which others get theirs
function far(store: DeferralStore): DeferralStore {
  const calls = Object.entries(store as object).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      await new Promise((resolve) => setImmediate(resolve))
      return call(...args)
    },
  ])
  return Object.fromEntries(calls)
}
