import { createDeferral, memoryStore, runningClock, storeContract, testClock } from 'oidc-provider-deferred/testing'
import { describe, expect, test } from 'vitest'
import { withProvider } from '../support/provider.js'

describe('memoryStore', () => {
  const store = memoryStore({ clock: runningClock() })
  test.each(storeContract(() => store))('keeps the contract: $name', ({ run }) => run())

  test('expires by its clock, for a provider with and without that clock', async () => {
    for (const own of [true, false]) {
      const movable = memoryStore()
      const deferred = { store: movable, now: own ? movable.clock.now : (undefined as never) }
      await withProvider({ deferred }, async ({ provider }) => {
        const { id, deferral } = await createDeferral(provider, { clientId: 'secret', expiresIn: 60 })
        expect(deferral.expiresAt.getTime() - movable.clock.now().getTime()).toBe(60_000)
        movable.clock.advance(59)
        expect((await provider.deferrals.get(id))?.expired).toBe(false)
        movable.clock.advance(1)
        expect((await provider.deferrals.get(id))?.expired).toBe(true)
        expect((await provider.deferrals.approve(id)).changed).toBe(false)
      })
    }
  })

  test('shares a clock with others', () => {
    const clock = testClock(new Date('2030-01-01T00:00:00Z'))
    expect(memoryStore({ clock }).clock).toBe(clock)
  })
})

test('testClock stands still until it is moved', async () => {
  const clock = testClock(new Date('2030-01-01T00:00:00Z'))
  await new Promise((resolve) => setTimeout(resolve, 5))
  clock.advance(0.5)
  clock.advance(86_400)
  expect(clock.now().toISOString()).toBe('2030-01-02T00:00:00.500Z')
})

test('runningClock shows the real time, and can be moved', async () => {
  const clock = runningClock()
  const [before, now, after] = [Date.now(), clock.now().getTime(), Date.now()]
  expect(before <= now && now <= after).toBe(true)
  clock.advance(3600)
  expect(clock.now().getTime() - now).toBeGreaterThanOrEqual(3_600_000)
})
