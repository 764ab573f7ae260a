import { randomUUID } from 'node:crypto'
import type { Adapter } from 'oidc-provider'
import { describe, expect, test } from 'vitest'
import { consumables, grantables } from './models.js'

/** What oidc-provider's documentation asks of every adapter, and its own memory adapter does. */
export function adapterContract(adapter: (name: string) => Adapter, models: readonly string[]): void {
  const served = (model: string) => models.includes(model)

  describe.each(models)('%s', (model) => {
    test('is found as it was stored', async () => {
      const id = randomUUID()
      const payload = {
        jti: id,
        kind: model,
        iat: 1,
        exp: 2 ** 31 + 1,
        uid: randomUUID(),
        scope: 'openid',
        extra: { a: [1] },
      }
      await adapter(model).upsert(id, payload, 60)
      expect(await adapter(model).find(id)).toEqual(payload)
    })

    test('is replaced as a whole', async () => {
      const id = randomUUID()
      await adapter(model).upsert(id, { jti: id, uid: 'first', scope: 'openid', nonce: 'n' }, 60)
      await adapter(model).upsert(id, { jti: id, uid: 'second', scope: 'email' }, 60)
      expect(await adapter(model).find(id)).toEqual({ jti: id, uid: 'second', scope: 'email' })
    })

    test('is not found when it never was', async () => {
      expect(await adapter(model).find(randomUUID())).toBeUndefined()
    })

    test('is not found once destroyed, and destroying nothing is no error', async () => {
      const id = randomUUID()
      await adapter(model).upsert(id, { jti: id, uid: randomUUID() }, 60)
      await adapter(model).destroy(id)
      expect(await adapter(model).find(id)).toBeUndefined()
      await adapter(model).destroy(id)
      await adapter(model).destroy(randomUUID())
    })

    test('without expiry stays', async () => {
      const id = randomUUID()
      await adapter(model).upsert(id, { jti: id, uid: randomUUID() })
      expect(await adapter(model).find(id)).toMatchObject({ jti: id })
    })
  })

  test.each(consumables.filter(served))('a consumed %s carries the time in seconds', async (model) => {
    const id = randomUUID()
    await adapter(model).upsert(id, { jti: id, scope: 'openid' }, 60)
    await adapter(model).consume(id)
    const found = await adapter(model).find(id)
    expect(found).toEqual({ jti: id, scope: 'openid', consumed: expect.any(Number) })
    expect(Math.abs(found?.consumed - Date.now() / 1000)).toBeLessThan(120)
  })

  test.each(grantables.filter(served))('every %s of a Grant is revoked, and no other', async (model) => {
    const [grantId, first, second, foreign] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    await adapter(model).upsert(first, { jti: first, grantId }, 60)
    await adapter(model).upsert(second, { jti: second, grantId }, 60)
    await adapter(model).upsert(foreign, { jti: foreign, grantId: randomUUID() }, 60)
    await adapter(model).revokeByGrantId(grantId)
    expect(await adapter(model).find(first)).toBeUndefined()
    expect(await adapter(model).find(second)).toBeUndefined()
    expect(await adapter(model).find(foreign)).toBeDefined()
    await adapter(model).revokeByGrantId(grantId)
  })

  test('a Session is found by uid, whatever its id has become', async () => {
    const [uid, before, after] = [randomUUID(), randomUUID(), randomUUID()]
    await adapter('Session').upsert(before, { jti: before, uid, iat: 1 }, 60)
    expect(await adapter('Session').findByUid(uid)).toMatchObject({ jti: before })
    await adapter('Session').destroy(before)
    expect(await adapter('Session').findByUid(uid)).toBeUndefined()
    await adapter('Session').upsert(after, { jti: after, uid, iat: 1 }, 60)
    expect(await adapter('Session').findByUid(uid)).toMatchObject({ jti: after })
    expect(await adapter('Session').findByUid(randomUUID())).toBeUndefined()
  })

  test('a DeviceCode is found by its user code', async () => {
    const [id, userCode] = [randomUUID(), randomUUID()]
    await adapter('DeviceCode').upsert(id, { jti: id, userCode }, 60)
    expect(await adapter('DeviceCode').findByUserCode(userCode)).toEqual({ jti: id, userCode })
    await adapter('DeviceCode').upsert(id, { jti: id, userCode, inFlight: true }, 60)
    expect(await adapter('DeviceCode').findByUserCode(userCode)).toEqual({ jti: id, userCode, inFlight: true })
    expect(await adapter('DeviceCode').findByUserCode(randomUUID())).toBeUndefined()
  })
}
