import { expect, test } from 'vitest'
import { within } from '../../lib/notification/deadline.js'

const never = () => new Promise<never>(() => undefined)

test('work is not begun under a signal that is aborted already', async () => {
  let begun = 0
  const work = () => {
    begun += 1
    return never()
  }
  await expect(within(60, work, AbortSignal.abort())).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  expect(begun).toBe(0)
})

test('work that hangs is left when its signal aborts', async () => {
  const controller = new AbortController()
  const left = within(60, never, controller.signal)
  controller.abort()
  await expect(left).rejects.toMatchObject({ code: 'ETIMEDOUT' })
})

test('work that is done in time is believed, also where the signal aborts afterwards', async () => {
  const controller = new AbortController()
  const done = within(60, () => 'done', controller.signal)
  await expect(done).resolves.toBe('done')
  controller.abort()
  await expect(done).resolves.toBe('done')
})
