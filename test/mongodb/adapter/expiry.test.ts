import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { describeMongo, useMongoAdapter } from '../../support/database.js'
import { models } from './models.js'

type Stored = { _id: string; expiresAt?: Date }

describeMongo('expiry', () => {
  const { database, adapter } = useMongoAdapter()

  const stored = (name: string) => database.db.collection<Stored>(`oidc_${name}`)
  const expire = (name: string, id: string) => stored(name).updateOne({ _id: id }, { $set: { expiresAt: new Date(0) } })

  test.each(models)('an expired %s that was not swept yet is not found, and can be stored anew', async (model) => {
    const id = randomUUID()
    await adapter(model).upsert(id, { jti: id, iat: 1 }, -1)
    expect(await adapter(model).find(id)).toBeUndefined()
    await adapter(model).upsert(id, { jti: id, iat: 1 }, 60)
    expect(await adapter(model).find(id)).toEqual({ jti: id, iat: 1 })
  })

  test('holds for look-ups by uid and user code', async () => {
    const id = randomUUID()
    await adapter('Session').upsert(id, { jti: id, uid: id }, 60)
    await adapter('DeviceCode').upsert(id, { jti: id, userCode: id }, 60)
    await expire('session', id)
    await expire('device_code', id)
    expect(await adapter('Session').findByUid(id)).toBeUndefined()
    expect(await adapter('DeviceCode').findByUserCode(id)).toBeUndefined()
  })

  test('holds for what was consumed: a new artifact is a new artifact', async () => {
    const id = randomUUID()
    await adapter('RefreshToken').upsert(id, { jti: id }, 60)
    await adapter('RefreshToken').consume(id)
    await expire('refresh_token', id)
    await adapter('RefreshToken').upsert(id, { jti: id, scope: 'new' }, 60)
    expect(await adapter('RefreshToken').find(id)).toEqual({ jti: id, scope: 'new' })
  })

  test('counts in seconds from now', async () => {
    const id = randomUUID()
    await adapter('Session').upsert(id, { jti: id }, 3600)
    const { expiresAt } = (await stored('session').findOne({ _id: id }))!
    expect(Math.abs(expiresAt!.getTime() - Date.now() - 3_600_000)).toBeLessThan(120_000)
  })

  test('is removed by a save without one', async () => {
    const id = randomUUID()
    await adapter('Grant').upsert(id, { jti: id, iat: 1 }, 60)
    await adapter('Grant').upsert(id, { jti: id, iat: 1 })
    expect(await stored('grant').findOne({ _id: id })).not.toHaveProperty('expiresAt')
    await adapter('Grant').upsert(id, { jti: id, iat: 1 }, 60)
    expect(await stored('grant').findOne({ _id: id })).toHaveProperty('expiresAt')
  })
})
