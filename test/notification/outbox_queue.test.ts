import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { observedStore } from '../support/observed.js'
import { until } from '../support/receiver.js'
import { verbsOn } from '../support/records.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

const perClient = 8
const shared = memoryStore()
const { store, calls } = observedStore(shared)
let fleet: Fleet

beforeAll(async () => {
  fleet = await startFleet({ ...(await stocks.memory()), store })
})
afterAll(() => fleet.close())

test('what had to wait a second for a free lane is read again, and not written when another node has changed it', async () => {
  const op = await fleet.start()
  const answers: (() => void)[] = []
  fleet.receiver.behave = (response) => void answers.push(() => response.writeHead(204).end())
  const begun = await Promise.all(Array.from({ length: perClient + 1 }, () => fleet.begin(op)))
  fleet.clock.advance(2)
  for (const { id } of begun) await op.provider.deferrals.deny(id)
  await until(() => answers.length === perClient)
  const waits = begun.find(({ id }) => fleet.heard(id).length === 0)!
  await verbsOn(shared, op.issuer).suppress(waits.id, fleet.clock.now())
  await new Promise((resolve) => setTimeout(resolve, 1050))
  calls.length = 0
  for (const answer of answers) answer()
  await until(() => calls.includes('find'))
  for (const { id } of begun) if (id !== waits.id) await fleet.settled(id, 'delivered')
  expect(calls).not.toContain('swap notification_attempted')
  expect(fleet.heard(waits.id)).toEqual([])
})
