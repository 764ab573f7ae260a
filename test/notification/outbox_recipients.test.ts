import type { Adapter } from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { oauthGrantType } from '../support/clients.js'
import { basic, send } from '../support/journey.js'
import { type Observation, observedAdapter } from '../support/observed.js'
import type { TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

let fleet: Fleet
let silent: TestProvider
let clients: Adapter
let observation: Observation
let count = 0

/*
 * Clients are kept, and a request of theirs waits, at a node that does not send; the one that sends sees them when it is started.
 */
beforeAll(async () => {
  fleet = await startFleet(await stocks.memory(), { clients: () => [] })
  silent = await fleet.start({ notification: { worker: false } })
  clients = fleet.adapter('Client')
  const observed = observedAdapter((name) => fleet.adapter(name))
  observation = observed
  await fleet.start({ adapter: observed.adapter })
})

afterAll(() => fleet.close())

/** A client of its own, and the metadata it was kept with. */
async function kept(metadata: object = {}) {
  count += 1
  const client = {
    client_id: `client ${count}`,
    client_secret: 'a secret of it',
    grant_types: ['client_credentials', oauthGrantType],
    response_types: [],
    redirect_uris: [],
    deferred_client_notification_endpoint: `${fleet.receiver.endpoint}/${count}`,
    ...metadata,
  }
  await clients.upsert(client.client_id, client as never, 0)
  return client
}

/** A deferral of that client that was denied, and may be told of as soon as the clock is moved. */
async function decided({ client_id: clientId, client_secret: secret }: { client_id: string; client_secret: string }) {
  const params = { grant_type: 'client_credentials', completion_mode: 'deferred' }
  const { body } = await send(`${silent.origin}/token`, params, basic(clientId, secret))
  const id = String(body.deferral_code).slice(0, 22)
  await silent.provider.deferrals.deny(id)
  return id
}

test('a client that vanished may come back: its notification is kept, and nothing is sent meanwhile', async () => {
  const client = await kept()
  const id = await decided(client)
  await clients.destroy(client.client_id)
  fleet.clock.advance(20)
  await until(async () => (await fleet.told(id)).reason !== undefined)
  expect(await fleet.told(id)).toMatchObject({
    status: 'owed',
    reason: 'this node does not know the client',
    attempts: 1,
  })
  expect(fleet.heard(id)).toEqual([])
  await clients.upsert(client.client_id, client as never, 0)
  fleet.clock.advance(6)
  await fleet.settled(id, 'delivered')
})

test('C04 a client that took its endpoint away is not told', async () => {
  const client = await kept()
  const id = await decided(client)
  const { deferred_client_notification_endpoint: _none, ...without } = client
  await clients.upsert(client.client_id, without as never, 0)
  fleet.clock.advance(20)
  expect(await fleet.settled(id, 'failed')).toMatchObject({ reason: 'the client has no endpoint any more' })
  expect(fleet.heard(id)).toEqual([])
})

test('a client that moved is told where it is now, and nowhere else', async () => {
  const client = await kept()
  const id = await decided(client)
  const moved = { ...client, deferred_client_notification_endpoint: `${fleet.receiver.endpoint}/moved` }
  await clients.upsert(client.client_id, moved as never, 0)
  fleet.clock.advance(20)
  await fleet.settled(id, 'delivered')
  expect(fleet.heard(id).map(({ url }) => url)).toEqual(['/notified/moved'])
})

test('a client that cannot be read now is told later', async () => {
  const client = await kept()
  const id = await decided(client)
  observation.failNext('Client.find')
  fleet.clock.advance(20)
  await until(async () => (await fleet.told(id)).attempts === 1 && (await fleet.told(id)).reason !== undefined)
  expect(await fleet.told(id)).toMatchObject({ status: 'owed', reason: 'the client cannot be read' })
  fleet.clock.advance(6)
  expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 2 })
})

test('a client whose metadata is spoilt is told when that is mended, and holds up nobody else', async () => {
  const [spoilt, sound] = [await kept(), await kept()]
  const [id, other] = [await decided(spoilt), await decided(sound)]
  const broken = { ...spoilt, redirect_uris: ['not a URL'] }
  await clients.upsert(spoilt.client_id, broken as never, 0)
  fleet.clock.advance(20)
  await fleet.settled(other, 'delivered')
  await until(async () => (await fleet.told(id)).reason !== undefined)
  expect(await fleet.told(id)).toMatchObject({ status: 'owed', reason: 'the client cannot be read' })
  await clients.upsert(spoilt.client_id, spoilt as never, 0)
  fleet.clock.advance(6)
  await fleet.settled(id, 'delivered')
})

test.each([
  ['null', null, 'the client has no endpoint any more'],
  ['not a URL', 'not a URL', 'the endpoint must be an absolute https URL'],
  ['no text', ['https://rp.example/'], 'the endpoint must be an absolute https URL'],
])('a stored client whose endpoint is %s is told nothing, and the reason says why', async (_, endpoint, reason) => {
  const client = await kept()
  const id = await decided(client)
  await clients.upsert(client.client_id, { ...client, deferred_client_notification_endpoint: endpoint } as never, 0)
  fleet.clock.advance(20)
  expect(await fleet.settled(id, 'failed')).toMatchObject({ attempts: 1, reason })
})
