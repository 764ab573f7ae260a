import { randomUUID } from 'node:crypto'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { describeMongo, testDatabase, useMongoAdapter } from '../../support/database.js'
import { models } from './models.js'

const savedAgain = ['BackchannelAuthenticationRequest', 'DeviceCode', 'Grant', 'Interaction', 'Session'] as const

describeMongo('a late save', () => {
  const { database, adapter } = useMongoAdapter()

  const raw = (name: string, id: string) => database.db.collection<{ _id: string }>(`oidc_${name}`).findOne({ _id: id })

  test.each(savedAgain)('does not bring a destroyed %s back', async (model) => {
    const id = randomUUID()
    const copy = { jti: id, iat: 1_700_000_000, uid: id, userCode: id, grantId: id }
    await adapter(model).upsert(id, copy, 60)
    await adapter(model).destroy(id)
    await adapter(model).upsert(id, { ...copy, scope: 'late' }, 60)
    await adapter(model).destroy(id)
    await adapter(model).upsert(id, { ...copy, scope: 'later' })
    expect(await adapter(model).find(id)).toBeUndefined()
    expect(await adapter(model).findByUid(id)).toBeUndefined()
    expect(await adapter(model).findByUserCode(id)).toBeUndefined()
  })

  test.each(['BackchannelAuthenticationRequest', 'DeviceCode'])('does not bring a revoked %s back', async (model) => {
    const id = randomUUID()
    const copy = { jti: id, iat: 1_700_000_000, userCode: id, grantId: id }
    await adapter(model).upsert(id, copy, 60)
    await adapter(model).revokeByGrantId(id)
    await adapter(model).upsert(id, { ...copy, error: 'access_denied' }, 60)
    expect(await adapter(model).find(id)).toBeUndefined()
    expect(await adapter(model).findByUserCode(id)).toBeUndefined()
  })

  test.each(models)('of another artifact under the id of a destroyed %s stores it', async (model) => {
    const id = randomUUID()
    await adapter(model).upsert(id, { jti: id, iat: 1_700_000_000 }, 60)
    await adapter(model).destroy(id)
    await adapter(model).upsert(id, { jti: id, iat: 1_700_000_001 }, 60)
    expect(await adapter(model).find(id)).toEqual({ jti: id, iat: 1_700_000_001 })
    await adapter(model).destroy(id)
    await adapter(model).upsert(id, { jti: id }, 60)
    expect(await adapter(model).find(id)).toEqual({ jti: id })
  })

  test('finds a tombstone that says nothing of what it was, and goes within the hour', async () => {
    const id = randomUUID()
    await adapter('Session').upsert(id, { jti: id, iat: 7, uid: id, accountId: 'alice' }, 86_400)
    await adapter('Session').destroy(id)
    const tombstone = await raw('session', id)
    expect(tombstone).toEqual({ _id: id, destroyed: 7, expiresAt: expect.any(Date) })
    expect(Reflect.get(tombstone!, 'expiresAt').getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000)
  })

  test('of a client is none: its id may be registered anew', async () => {
    await adapter('Client').upsert('bank', { client_id: 'bank' })
    await adapter('Client').destroy('bank')
    expect(await raw('client', 'bank')).toBeNull()
    await adapter('Client').upsert('bank', { client_id: 'bank' })
    expect(await adapter('Client').find('bank')).toEqual({ client_id: 'bank' })
  })

  test('meets a destruction 16 times at once, and whatever comes first, the Grant stays destroyed', async () => {
    for (let round = 0; round < 10; round++) {
      const id = randomUUID()
      const copy = { jti: id, iat: 1_700_000_000 }
      await adapter('Grant').upsert(id, copy, 60)
      const saves = Array.from({ length: 15 }, () => adapter('Grant').upsert(id, copy, 60))
      await Promise.all([...saves, adapter('Grant').destroy(id)])
      expect(await adapter('Grant').find(id)).toBeUndefined()
    }
  })
})

describeMongo('revoking nothing in particular', () => {
  test('revokes nothing: oidc-provider 9.5.2 does so for requests that never had a Grant', async () => {
    const database = await testDatabase()
    try {
      for (const model of ['BackchannelAuthenticationRequest', 'DeviceCode', 'AccessToken']) {
        const adapter = mongoAdapter(database.db)(model)
        await adapter.upsert('pending', { jti: 'pending' }, 60)
        await adapter.revokeByGrantId(Object(undefined).grantId)
        expect(await adapter.find('pending')).toEqual({ jti: 'pending' })
      }
    } finally {
      await database.drop()
    }
  })
})
