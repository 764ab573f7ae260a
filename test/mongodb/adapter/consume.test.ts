import { randomUUID } from 'node:crypto'
import type { Db } from 'mongodb'
import { errors } from 'oidc-provider'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { beforeAll, expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../../support/database.js'
import { consumables } from './models.js'
import { naiveAdapter } from './naive_adapter.js'
import { mostWinners, type Racer, race, warm } from './race.js'

const rounds = 5

type Consumable = (typeof consumables)[number]

function refusalOf(model: Consumable) {
  return model === 'PushedAuthorizationRequest' ? errors.InvalidRequestUri : errors.InvalidGrant
}

describeMongo('consume', () => {
  const database = useDatabase()
  let another: Db
  let adapter: ReturnType<typeof mongoAdapter>

  beforeAll(async () => {
    another = await database.connect()
    adapter = mongoAdapter(database.db)
    await adapter.migrate()
    await warm(database.db, another)
  })

  const consumeRace = (make: (db: Db) => (name: string) => Racer, model: Consumable, rounds: number) =>
    race({
      nodes: [make(database.db)(model), make(another)(model)],
      rounds,
      prepare: (node, id) => node.upsert(id, { jti: id, grantId: id }, 60),
      contend: (node, id) =>
        node.consume(id).then(
          () => true,
          (error: Error) => {
            if (make === mongoAdapter) expect(error).toBeInstanceOf(refusalOf(model))
            return false
          },
        ),
    })

  test('the race catches an adapter that finds and then writes', async () => {
    const play = async () => (await consumeRace(naiveAdapter, 'AuthorizationCode', 1))[0]!
    expect(await mostWinners(play)).toBeGreaterThan(1)
  })

  test.each(consumables)(
    '16 at once on two connections: one consumes the %s, the others are refused',
    async (model) => {
      expect(await consumeRace(mongoAdapter, model, rounds)).toEqual(Array(rounds).fill(1))
    },
  )

  test.each(consumables)('refuses the second consumption of a %s, and keeps the first time', async (model) => {
    const id = randomUUID()
    await adapter(model).upsert(id, { jti: id }, 60)
    await adapter(model).consume(id)
    const first = await adapter(model).find(id)
    await expect(adapter(model).consume(id)).rejects.toBeInstanceOf(refusalOf(model))
    expect(await adapter(model).find(id)).toEqual(first)
  })

  test.each(consumables)('refuses a %s that has vanished', async (model) => {
    const [never, destroyed, revoked, expired] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    await adapter(model).upsert(destroyed, { jti: destroyed, iat: 1 }, 60)
    await adapter(model).destroy(destroyed)
    await adapter(model).upsert(revoked, { jti: revoked, grantId: revoked, iat: 1 }, 60)
    await adapter(model).revokeByGrantId(revoked)
    await adapter(model).upsert(expired, { jti: expired }, -1)
    for (const id of [never, destroyed, revoked, expired]) {
      await expect(adapter(model).consume(id)).rejects.toBeInstanceOf(refusalOf(model))
      expect(await adapter(model).find(id)).toBeUndefined()
    }
  })

  test.each(consumables)('a %s saved from a copy read before stays consumed', async (model) => {
    const id = randomUUID()
    const copy = { jti: id, iat: 1, scope: 'openid' }
    await adapter(model).upsert(id, copy, 60)
    await adapter(model).consume(id)
    await adapter(model).upsert(id, { ...copy, grantId: 'late approval' }, 60)
    expect(await adapter(model).find(id)).toEqual({ ...copy, consumed: expect.any(Number) })
    await expect(adapter(model).consume(id)).rejects.toBeInstanceOf(refusalOf(model))
  })

  test('a copy read after consumption can be saved', async () => {
    const id = randomUUID()
    await adapter('RefreshToken').upsert(id, { jti: id, iat: 1 }, 60)
    await adapter('RefreshToken').consume(id)
    const found = await adapter('RefreshToken').find(id)
    await adapter('RefreshToken').upsert(id, { ...found, scope: 'noted' }, 60)
    expect(await adapter('RefreshToken').find(id)).toEqual({ ...found, scope: 'noted' })
  })

  test('an artifact stored as consumed cannot be consumed', async () => {
    const id = randomUUID()
    await adapter('RefreshToken').upsert(id, { jti: id, consumed: true }, 60)
    await expect(adapter('RefreshToken').consume(id)).rejects.toBeInstanceOf(errors.InvalidGrant)
    expect(await adapter('RefreshToken').find(id)).toEqual({ jti: id, consumed: true })
  })
})
