import { wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { expect, test, vi } from 'vitest'
import { granted, page, pending, type Scripted, scripted, scriptedDeferral } from './scripted.js'
import { useVirtualTime } from './virtual_time.js'

useVirtualTime()

/** Waits with these seconds; resolves to what was asked for at each poll. */
async function preferencesOf(answer: (n: number) => Promise<Scripted> | Scripted, longPoll?: number) {
  const { config } = scripted(answer)
  const inner = config[client.customFetch] as client.CustomFetch
  const preferences: (string | undefined)[] = []
  config[client.customFetch] = (url, options) => {
    preferences.push(options.headers.prefer)
    return inner(url, options)
  }
  void wait(config, scriptedDeferral(), { longPoll })
  await vi.advanceTimersByTimeAsync(3_600_000)
  return preferences
}

const late = async (answer: Scripted, seconds: number) => {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  return answer
}

test('a provider that says nothing of it is not asked', async () => {
  expect(await preferencesOf((n) => (n < 2 ? pending() : granted()))).toEqual([undefined, undefined])
})

test('a proxy that ends long requests: half the time after each, and at last none', async () => {
  const answer = (n: number) => (n < 8 ? late(page(504), 10) : granted())
  const asked = ['wait=30', 'wait=15', 'wait=7', 'wait=3', 'wait=1', undefined, undefined, undefined]
  expect(await preferencesOf(answer, 30)).toEqual(asked)
})

test('a provider that is down for a while is asked for as much as before', async () => {
  const answer = (n: number) => (n < 4 ? page(503) : granted())
  expect(await preferencesOf(answer, 30)).toEqual(Array(4).fill('wait=30'))
})
