import { expect, test } from 'vitest'
import { startRounds } from '../../lib/notification/rounds.js'
import { until } from '../support/receiver.js'

test('rounds that are called for again and again begin all the same', async () => {
  const [hurried, idle] = [counted(), counted()]
  const hurrying = setInterval(() => hurried.rounds.hurry(), 1)
  await until(() => hurried.count() >= 10)
  // ten take eight seconds without, in which there are six of the others
  expect(idle.count()).toBeLessThan(6)
  clearInterval(hurrying)
  await Promise.all([hurried, idle].map(({ rounds }) => rounds.close()))
})

function counted() {
  let count = 0
  const rounds = startRounds(async () => {
    count += 1
    return false
  })
  return { rounds, count: () => count }
}
