import { wait } from 'oidc-provider-deferred/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { granted, page, pending, type Scripted, scripted, scriptedDeferral } from './scripted.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000)
const reason = new Error('of the caller')

/** A provider whose next answers are held back until they are given. */
function slowProvider() {
  const waiting: ((answer: Scripted) => void)[] = []
  const { config, polls } = scripted(() => new Promise<Scripted>((resolve) => waiting.push(resolve)))
  return { config, polls, answer: (answered: Scripted) => waiting.shift()!(answered) }
}

describe('a notification', () => {
  test('ends the pause at once', async () => {
    const { config, polls } = scripted((n) => (n === 3 ? granted() : pending()))
    let wake = () => {}
    const waited = wait(config, scriptedDeferral(), {
      subscribe: (ring) => {
        wake = ring
      },
    })
    await seconds(2)
    wake()
    await seconds(1)
    expect(polls).toEqual([0, 2])
    wake()
    expect(await waited).toMatchObject({ access_token: 'a token' })
    expect(polls).toEqual([0, 2, 3])
    wake()
    await seconds(100)
    expect(polls).toHaveLength(3)
  })

  test('during a poll means one poll more, because the answer may be older', async () => {
    const { config, polls, answer } = slowProvider()
    let wake = () => {}
    const waited = wait(config, scriptedDeferral(), {
      subscribe: (ring) => {
        wake = ring
      },
    })
    await seconds(0)
    wake()
    wake()
    answer(pending())
    await seconds(0)
    expect(polls).toEqual([0, 0])
    answer(pending())
    await seconds(4)
    expect(polls).toHaveLength(2)
    await seconds(1)
    answer(granted())
    await waited
  })

  test('the subscription ends with the wait, however that ends', async () => {
    const ends: string[] = []
    const subscribe = (name: string) => ({ subscribe: () => () => void ends.push(name) })
    await wait(scripted(granted).config, scriptedDeferral(), subscribe('granted'))
    await wait(scripted(() => page(200)).config, scriptedDeferral(), {
      ...subscribe('aborted'),
      signal: AbortSignal.abort(reason),
    }).catch(() => ends.push('never subscribed'))
    const controller = new AbortController()
    const waited = wait(scripted(() => pending()).config, scriptedDeferral(), {
      ...subscribe('aborted'),
      signal: controller.signal,
    })
    await seconds(1)
    controller.abort(reason)
    await expect(waited).rejects.toBe(reason)
    expect(ends).toEqual(['granted', 'never subscribed', 'aborted'])
  })
})

describe('an abort', () => {
  test('before the first poll: none is made', async () => {
    const { config, polls } = scripted(granted)
    await expect(wait(config, scriptedDeferral(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(polls).toEqual([])
  })

  test('that may be absent is one that is absent', async () => {
    const signal: AbortSignal | undefined = undefined
    expect(await wait(scripted(granted).config, scriptedDeferral(), { signal })).toMatchObject({ token_type: 'bearer' })
  })

  test('just after the call: none is made, either', async () => {
    const { config, polls } = scripted(granted)
    const controller = new AbortController()
    const waited = wait(config, scriptedDeferral(), { signal: controller.signal })
    controller.abort(reason)
    await expect(waited).rejects.toBe(reason)
    expect(polls).toEqual([])
  })

  test('in a pause ends it at once, and leaves no timer and no listener', async () => {
    for (const answer of [() => pending(), () => page(502)]) {
      const { signal, abort, listeners } = observedSignal()
      const waited = wait(scripted(answer).config, scriptedDeferral(), { signal })
      await seconds(1)
      expect(vi.getTimerCount()).toBe(1)
      abort()
      await expect(waited).rejects.toBe(reason)
      expect(vi.getTimerCount()).toBe(0)
      expect(listeners()).toBe(0)
    }
  })

  test('during a poll does not cut it off: its answer may be the tokens', async () => {
    const { config, answer } = slowProvider()
    const controller = new AbortController()
    const waited = wait(config, scriptedDeferral(), { signal: controller.signal })
    await seconds(0)
    controller.abort(reason)
    await seconds(0)
    answer(granted())
    expect(await waited).toMatchObject({ access_token: 'a token' })
  })

  test.each([
    ['pending', () => pending()],
    ['a fault', () => page(502)],
  ])('during a poll whose answer is %s: no other poll', async (_, answered) => {
    const { config, polls, answer } = slowProvider()
    const controller = new AbortController()
    const waited = wait(config, scriptedDeferral(), { signal: controller.signal })
    await seconds(0)
    controller.abort(reason)
    answer(answered())
    await expect(waited).rejects.toBe(reason)
    expect(polls).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('by what is called with a pending answer', async () => {
    const controller = new AbortController()
    const { config, polls } = scripted(() => pending())
    const onPending = () => controller.abort(reason)
    await expect(wait(config, scriptedDeferral(), { signal: controller.signal, onPending })).rejects.toBe(reason)
    expect(polls).toHaveLength(1)
  })

  test('many pauses leave no listeners behind', async () => {
    const { signal, listeners } = observedSignal()
    const waited = wait(scripted((n) => (n === 50 ? granted() : pending())).config, scriptedDeferral(), { signal })
    await seconds(10)
    expect(listeners()).toBe(1)
    await seconds(1000)
    await waited
    expect(listeners()).toBe(0)
  })
})

function observedSignal() {
  const controller = new AbortController()
  let count = 0
  const { signal } = controller
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--
    remove(...args)
  }
  return { signal, abort: () => controller.abort(reason), listeners: () => count }
}
