import { randomUUID } from 'node:crypto'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { beforeAll, expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../../support/database.js'

describeMongo('a Session', () => {
  const database = useDatabase()
  let sessions: ReturnType<ReturnType<typeof mongoAdapter>>

  beforeAll(async () => {
    sessions = mongoAdapter(database.db)('Session')
  })

  test('survives 16 first saves at once, and 16 later ones', async () => {
    for (let round = 0; round < 5; round++) {
      const id = randomUUID()
      for (const iat of [1, 2]) {
        await Promise.all(
          Array.from({ length: 16 }, (_, n) => sessions.upsert(id, { jti: id, uid: id, iat, loginTs: n }, 60)),
        )
      }
      expect(await sessions.findByUid(id)).toMatchObject({ jti: id, iat: 2 })
    }
  })

  test('that two requests log in at once is found by uid as it was saved last', async () => {
    const [uid, anonymous, first, second] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    await sessions.upsert(anonymous, { jti: anonymous, uid, iat: 1 }, 60)
    for (const [id, expiresIn] of [
      [first, 60],
      [second, 61],
    ] as const) {
      await sessions.destroy(anonymous)
      await sessions.upsert(id, { jti: id, uid, iat: 1 }, expiresIn)
    }
    expect(await sessions.findByUid(uid)).toMatchObject({ jti: second })
    expect(await sessions.find(first)).toMatchObject({ uid })
  })

  test('whose id was rotated is not shadowed by a request that still saves the old one', async () => {
    const [uid, before, after] = [randomUUID(), randomUUID(), randomUUID()]
    const anonymous = { jti: before, uid, iat: 1 }
    await sessions.upsert(before, anonymous, 60)
    await sessions.destroy(before)
    await sessions.upsert(after, { ...anonymous, jti: after, accountId: 'alice' }, 60)
    await sessions.upsert(before, anonymous, 120)
    expect(await sessions.findByUid(uid)).toMatchObject({ jti: after, accountId: 'alice' })
    expect(await sessions.find(before)).toBeUndefined()
  })

  test('is not found by the uid of none', async () => {
    const id = randomUUID()
    await sessions.upsert(id, { jti: id }, 60)
    await sessions.destroy(id)
    expect(await sessions.findByUid(Object(undefined).uid)).toBeUndefined()
  })
})
