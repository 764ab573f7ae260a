import { randomBytes } from 'node:crypto'
import type { Adapter } from 'oidc-provider'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClock } from '../support/clock.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { memoryAdapter } from '../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import type { Answer } from '../support/relying_party.js'
import { type Begun, endpoints, profiles, startWire, type Wire } from './wire.js'

/** Two nodes of one deployment, and a client that polls the other one while it is being notified. */
function deployment(nodes: () => Promise<{ store: DeferralStore; adapter: (name: string) => Adapter }[]>) {
  let wire: Wire
  let other: TestProvider
  const keys = [randomBytes(32)]
  const clock = createClock()

  beforeAll(async () => {
    const [one, two] = await nodes()
    wire = await startWire({ clock, configuration: { adapter: one!.adapter }, deferred: { store: one!.store, keys } })
    other = await startProvider({
      issuer: wire.op.issuer,
      clock,
      configuration: { adapter: two!.adapter, clients: endpoints(wire.receiver.endpoint) },
      deferred: { store: two!.store, keys, notification: { ...wire.receiver.notification, worker: false } },
    })
  })
  afterAll(async () => {
    await other.close()
    await wire.close()
  })

  /** Polls from within the notification; the answer to that is sent when the poll has been answered. */
  function polledWithin(begun: Begun): Promise<Answer> {
    return new Promise((resolve, reject) => {
      wire.answer(begun.id, (response) => {
        const answered = begun.poll(other.origin)
        answered.then(resolve, reject).finally(() => response.writeHead(204).end())
      })
    })
  }

  describe.each(profiles)('%s profile', (profile) => {
    test.each([
      ['the node that sends decided', () => wire.op],
      ['the other node decided', () => other],
    ])('C72 O-089 a poll from within the notification gets the tokens: %s', async (_who, decides) => {
      const begun = await wire.begin(profile)
      const polled = polledWithin(begun)
      clock.advance(2)
      await decides().provider.deferrals.approve(begun.id)
      expect(await polled).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
      // redeemed meanwhile or not, it was delivered
      await wire.settled(begun.id, 'delivered')
      expect(wire.heard(begun.id)).toHaveLength(1)
    })

    test('C72 a poll from within the notification of a denial is access_denied', async () => {
      const begun = await wire.begin(profile)
      const polled = polledWithin(begun)
      clock.advance(2)
      await wire.op.provider.deferrals.deny(begun.id)
      expect(await polled).toMatchObject({ status: 400, body: { error: 'access_denied' } })
    })
  })
}

describe('in memory', () => {
  const one = { store: memoryStore(), adapter: memoryAdapter() }
  deployment(async () => [one, one])
})

describeMongo('on MongoDB', () => {
  const database = useDatabase()

  deployment(async () => {
    const connections = [database.db, await database.connect()]
    return connections.map((db) => ({ store: mongoStore(db), adapter: mongoAdapter(db) as (name: string) => Adapter }))
  })
})
