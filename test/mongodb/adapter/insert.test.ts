import { randomUUID } from 'node:crypto'
import type { Db } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { beforeAll, expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../../support/database.js'
import { naiveAdapter } from './naive_adapter.js'
import { mostWinners, type Racer, race, warm } from './race.js'

const rounds = 8

describeMongo('insertUnique', () => {
  const database = useDatabase()
  let another: Db

  beforeAll(async () => {
    another = await database.connect()
    await mongoAdapter(database.db).migrate()
    await warm(database.db, another)
  })

  const adapter = () => mongoAdapter(database.db)('ReplayDetection')
  const insertRace = (make: (db: Db) => (name: string) => Racer, rounds: number, before?: number) =>
    race({
      nodes: [make(database.db)('ReplayDetection'), make(another)('ReplayDetection')],
      rounds,
      prepare: async (node, id) => {
        if (before !== undefined) await node.upsert(id, { jti: id }, before)
      },
      contend: (node, id) => node.insertUnique(id, { jti: id }, 60),
    })

  test('the race catches an adapter that finds and then writes', async () => {
    expect(await mostWinners(async () => (await insertRace(naiveAdapter, 1))[0]!)).toBeGreaterThan(1)
  })

  test('16 at once on two connections: one is the first', async () => {
    expect(await insertRace(mongoAdapter, rounds)).toEqual(Array(rounds).fill(1))
  })

  test('16 at once where an expired one was not swept yet: one replaces it', async () => {
    expect(await insertRace(mongoAdapter, rounds, -1)).toEqual(Array(rounds).fill(1))
  })

  test('16 at once where an unexpired one is: none', async () => {
    expect(await insertRace(mongoAdapter, rounds, 60)).toEqual(Array(rounds).fill(0))
  })

  test('leaves what is there as it was', async () => {
    const id = randomUUID()
    expect(await adapter().insertUnique(id, { jti: id, iss: 'first' }, 60)).toBe(true)
    expect(await adapter().insertUnique(id, { jti: id, iss: 'second' }, 600)).toBe(false)
    expect(await adapter().find(id)).toEqual({ jti: id, iss: 'first' })
    expect(await adapter().insertUnique(randomUUID(), { jti: id }, 60)).toBe(true)
  })

  test('without expiry holds for good', async () => {
    const id = randomUUID()
    expect(await adapter().insertUnique(id, { jti: id })).toBe(true)
    expect(await adapter().insertUnique(id, { jti: id })).toBe(false)
  })
})
