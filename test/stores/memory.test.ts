import { expect, test } from '@jest/globals'
import { memoryStore } from 'oidc-provider-deferred'
import { contract } from './contract.js'
import { newDeferral } from './new_deferral.js'

const store = memoryStore()

contract(() => store)

test('purges a day after expiry, and keeps what a client may still ask for', async () => {
  const purging = memoryStore()
  const start = new Date('2026-01-01T00:00:00Z')
  const at = (hours: number) => new Date(start.getTime() + hours * 3_600_000)
  const { id } = await purging.create(newDeferral(), start)
  await purging.create(newDeferral(), at(24))
  expect(await purging.find(id, at(24))).toBeDefined()
  await purging.create(newDeferral(), at(25))
  expect(await purging.find(id, at(25))).toBeUndefined()
})
