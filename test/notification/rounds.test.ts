import { test } from 'vitest'
import { startRounds } from '../../lib/notification/rounds.js'
import { until } from '../support/receiver.js'

test('rounds that are called for again and again begin all the same', async () => {
  let count = 0
  const rounds = startRounds(async () => {
    count += 1
    return false
  })
  const hurrying = setInterval(() => rounds.hurry(), 1)
  // two seconds' worth of them without
  await until(() => count >= 3, 1)
  clearInterval(hurrying)
  await rounds.close()
})
