import { memoryStore } from 'oidc-provider-deferred'
import { storeContract } from 'oidc-provider-deferred/testing'
import { describe, expect, test } from 'vitest'
import { verbsOn } from '../support/records.js'
import { newDeferral } from './new_deferral.js'

describe('memoryStore', () => {
  const store = memoryStore()

  test.each(storeContract(() => store))('$name', ({ run }) => run())
})

test('a history keeps its decisions, however often progress is told', async () => {
  const store = memoryStore()
  const verbs = verbsOn(store)
  const { id } = newDeferral()
  await verbs.create(newDeferral({ id }))
  for (let nth = 1; nth <= 201; nth++) await verbs.progress(id, { step: `step ${nth}` })
  await verbs.decide(id, 'approved', {})
  const history = await store.history(id)
  expect(history).toHaveLength(200)
  expect([history.at(0), history.at(1)]).toMatchObject([{ event: 'created' }, { step: 'step 4' }])
  expect(history.at(-1)).toMatchObject({ event: 'approved' })
})

test('purges a day after expiry, and keeps what a client may still ask for', async () => {
  const store = memoryStore()
  const purging = verbsOn(store)
  const start = new Date('2026-01-01T00:00:00Z')
  const at = (hours: number) => new Date(start.getTime() + hours * 3_600_000)
  const [plain, extended] = [newDeferral({ handleHash: 'hash' }), newDeferral({ handleHash: 'hash' })]
  for (const request of [plain, extended]) await purging.create(request, start)
  await purging.extend(extended.id, 7200, start)
  await purging.create(newDeferral(), at(24))
  expect(await purging.find(plain.id, at(24))).toBeDefined()
  await purging.create(newDeferral(), at(25))
  expect(await purging.find(plain.id, at(25))).toBeUndefined()
  expect(await store.history(plain.id)).toEqual([])
  // the purge moves with the expiry
  expect(await purging.find(extended.id, at(25))).toBeDefined()
  await purging.create(newDeferral(), at(26))
  expect(await purging.find(extended.id, at(26))).toBeUndefined()
})
