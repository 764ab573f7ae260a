import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { storeContract } from 'oidc-provider-deferred/testing'
import { describe, expect, test } from 'vitest'
import { recordsOf } from '../../lib/deferral/records.js'
import { decide } from '../../lib/deferral/transitions.js'
import { issuer } from '../support/records.js'
import { at, newDeferral } from './new_deferral.js'
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

test('I5 T1 the queue of a node does not hide a store without its revision check', async () => {
  const store = plant(plantedStores['without the revision in its filter']!.planted)
  const node = recordsOf(store, { issuer, retention: 86_400, clock: () => at(1), onWritten: () => {} })
  const { id } = newDeferral()
  await node.create(newDeferral({ id }))
  // who races transitions on one node would not notice
  const decisions = await Promise.all(Array.from({ length: 64 }, () => node.transit(id, decide('approved', {}))))
  expect(decisions.filter(Boolean)).toHaveLength(1)
  const race = storeContract(() => store).find(({ name }) => name.startsWith('of 64 swaps'))
  await expect(race!.run()).rejects.toThrow(/64/)
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
