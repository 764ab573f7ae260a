import { memoryStore, type Stored } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { deferred, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { verbsOn } from '../../support/records.js'
import { relyingParty } from '../../support/relying_party.js'

const large = ['source', 'context', 'claims', 'authorizationDetails', 'requestedDetails', 'decision'] as const

describe('E-19 a foreign handle', () => {
  const inner = memoryStore()
  const parsed: string[] = []
  let op: TestProvider

  beforeAll(async () => {
    op = await startProvider({
      deferred: { store: { ...inner, find: async (...args) => noting(await inner.find(...args)) } },
    })
  })
  afterAll(() => op.close())

  // what is read of a record, by name
  function noting(record: Stored | undefined): Stored | undefined {
    for (const name of large) {
      const { get } = (record && Object.getOwnPropertyDescriptor(record, name)) ?? {}
      if (!get) continue
      const noted = () => {
        parsed.push(name)
        return get.call(record)
      }
      Object.defineProperty(record, name, { get: noted, configurable: true, enumerable: true })
    }
    return record
  }

  const doors = {
    poll: async () => (await waiting(op, relyingParty(op.issuer))).handle,
    cancel: async () => (await waiting(op, relyingParty(op.issuer))).handle,
    exchange: async () => (await deferred(op, relyingParty(op.issuer))).code,
  }
  test.each(Object.keys(doors) as (keyof typeof doors)[])('%s: nothing large is parsed for it', async (door) => {
    const handle = await doors[door]()
    parsed.length = 0
    await relyingParty(op.issuer, 'other')[door](handle)
    expect(parsed).toEqual([])
    await relyingParty(op.issuer)[door](handle)
    expect(parsed).not.toEqual([])
  })
})

describeMongo('E-19 a record in MongoDB', () => {
  const database = useDatabase()

  test('is parsed when it is looked into, once', async () => {
    const store = mongoStore(database.db)
    const { id } = (await verbsOn(store).create(newDeferral())) as Stored
    const found = (await store.find(id)) as Stored
    expect(Object.getOwnPropertyDescriptor(found, 'source')).toHaveProperty('get')
    expect(found.source).toBe(found.source)
    expect(Object.getOwnPropertyDescriptor(found, 'source')).toHaveProperty('value')
  })
})
