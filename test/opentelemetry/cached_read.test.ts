import { expect, test } from 'vitest'
import { cachedRead } from '../../lib/opentelemetry/cached_read.js'

/** A read that takes so many milliseconds of a test's clock, and returns how often it was called. */
function slow(duration: number) {
  const state = { now: 1000, calls: 0, fails: false }
  const read = cachedRead(
    async () => {
      state.calls++
      await undefined
      state.now += duration
      if (state.fails) throw new Error(`call ${state.calls}`)
      return state.calls
    },
    () => state.now,
  )
  return { state, read }
}

test.each([
  ['20 times as long as it took', 500, 10_000],
  ['5 minutes at most', 60_000, 300_000],
])('a result is used for %s', async (_time, duration, use) => {
  const { state, read } = slow(duration)
  expect(await read()).toBe(1)
  state.now += use - 1
  expect(await read()).toBe(1)
  state.now += 1
  expect(await read()).toBe(2)
})

test('a result that took 0.1 s or less is used once', async () => {
  const { read } = slow(100)
  expect([await read(), await read(), await read()]).toEqual([1, 2, 3])
})

test('calls at the same time share one read, and its error', async () => {
  const { state, read } = slow(100)
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  state.fails = true
  const failed = await Promise.allSettled([read(), read()])
  expect(failed.map((each) => each.status === 'rejected' && each.reason.message)).toEqual(['call 2', 'call 2'])
})

test('an error is not used again, however long it took', async () => {
  const { state, read } = slow(30_000)
  state.fails = true
  await expect(read()).rejects.toThrow('call 1')
  await expect(read()).rejects.toThrow('call 2')
  state.fails = false
  expect(await read()).toBe(3)
  expect(await read()).toBe(3)
})

test('a read that does not end is not waited for after 5 minutes', async () => {
  let [now, calls] = [0, 0]
  const never = new Promise<number>(() => undefined)
  const read = cachedRead(
    () => {
      calls += 1
      return calls === 1 ? never : Promise.resolve(calls)
    },
    () => now,
  )
  void read()
  now = 299_999
  expect(read()).toBe(never)
  now = 300_000
  expect(await read()).toBe(2)
})
