import type { Adapter } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type Fleet, startFleet, stocks } from './fleet.js'
import { deferralOf, notified } from './notified_clients.js'

/*
 * A rolling deployment: two nodes send, and one of them knows a client that the other does not know yet.
 */
let fleet: Fleet
let known: TestProvider
let ignorant: TestProvider
let clients: Adapter
// what the node of yesterday finds
let isHidden = true

beforeAll(async () => {
  fleet = await startFleet(await stocks.memory(), { clients: () => [] })
  clients = fleet.adapter('Client')
  known = await fleet.start()
  ignorant = await fleet.start({
    adapter: (name) => {
      const adapter = fleet.adapter(name)
      if (name !== 'Client') return adapter
      return { ...adapter, find: async (id) => (isHidden ? undefined : adapter.find(id)) }
    },
  })
})

afterAll(() => fleet.close())

async function begun(clientId: string): Promise<string> {
  await clients.upsert(clientId, notified(clientId, fleet.receiver.endpoint) as never, 0)
  const { body } = await deferralOf(known.origin, clientId)
  fleet.clock.advance(20)
  return String(body.deferral_code).slice(0, 22)
}

test.each([
  ['approved', (id: string) => ignorant.provider.deferrals.approve(id)],
  ['cancelled', (id: string) => ignorant.provider.deferrals.cancel(id)],
])('a deferral that is %s on a node without its client is told of by a node that has it', async (status, decide) => {
  const id = await begun(status)
  await decide(id)
  expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 1 })
})

test('a notification whose client no node knows is kept, says why, and goes out when the client is there', async () => {
  const client = 'missing'
  const id = await begun(client)
  await clients.destroy(client)
  await ignorant.provider.deferrals.deny(id)
  fleet.clock.advance(4)
  await until(async () => (await fleet.told(id)).reason !== undefined)
  expect(await fleet.told(id)).toMatchObject({ status: 'owed', reason: 'this node does not know the client' })
  isHidden = false
  await clients.upsert(client, notified(client, fleet.receiver.endpoint) as never, 0)
  fleet.clock.advance(6)
  expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 2 })
})
