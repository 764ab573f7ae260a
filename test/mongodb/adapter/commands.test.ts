import type { CommandStartedEvent, Document } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../../support/database.js'
import { models } from './models.js'

describeMongo('commands', () => {
  const database = useDatabase({ monitorCommands: true })
  let adapter: ReturnType<typeof mongoAdapter>
  const sent: CommandStartedEvent[] = []

  beforeAll(async () => {
    database.db.client.on('commandStarted', (event) => sent.push(event))
    adapter = mongoAdapter(database.db)
    await adapter.migrate()
    await mongoAdapter(database.db)('Client').find('warm')
  })
  beforeEach(() => {
    sent.length = 0
  })

  /** The one command that was sent, and its one statement. */
  function only(): { command: Document; filter: Document } {
    const commands = sent.splice(0)
    expect(commands.map(({ commandName }) => commandName)).toHaveLength(1)
    const { command } = commands[0]!
    const statements = command.updates ?? command.deletes ?? [{ q: command.filter }]
    expect(statements).toHaveLength(1)
    return { command, filter: statements[0].q }
  }

  test.each(models)('of %s are one each, by id, read from and written to the majority', async (model) => {
    const artifacts = adapter(model)
    await artifacts.find('id')
    const read = only()
    expect(read.filter).toEqual({ _id: 'id' })
    expect(read.command.readConcern).toMatchObject({ level: 'majority' })
    const writes = [
      () => artifacts.upsert('id', { jti: 'id', iat: 1 }, 60),
      () => artifacts.insertUnique('id', { jti: 'id', iat: 1 }, 60),
      () => artifacts.consume('id'),
      () => artifacts.destroy('id'),
    ]
    for (const write of writes) {
      await write()
      const { command, filter } = only()
      expect(filter._id).toBe('id')
      expect(command.writeConcern).toEqual({ w: 'majority' })
    }
  })

  test.each(models)('of %s take no object for a query', async (model) => {
    const artifacts = adapter(model)
    await artifacts.upsert('kept', { jti: 'kept', grantId: 'grant', uid: 'uid', userCode: model }, 60)
    const query = { $ne: 1 } as never
    expect(await artifacts.find(query)).toBeUndefined()
    expect(await artifacts.findByUid(query)).toBeUndefined()
    await artifacts.destroy(query)
    await artifacts.revokeByGrantId(query)
    expect(await artifacts.find('kept')).toBeDefined()
  })

  test.each([{ preffix: 'x' }, { prefix: 5 }, { migrate: 'no' }])(
    'are of an adapter whose options %j are refused',
    (options) => {
      expect(() => mongoAdapter(database.db, options as never)).toThrow(TypeError)
    },
  )

  test('of look-ups and revocation are one each, from and to the majority', async () => {
    await adapter('Session').findByUid('uid')
    await adapter('DeviceCode').findByUserCode('code')
    const filters = sent.map(({ command }) => command.filter)
    expect(filters).toEqual([{ uid: 'uid' }, { userCode: 'code' }])
    for (const { command } of sent.splice(0)) expect(command.readConcern).toMatchObject({ level: 'majority' })
    for (const model of ['AccessToken', 'DeviceCode']) {
      await adapter(model).revokeByGrantId('grant')
      const { command, filter } = only()
      expect(filter).toEqual({ grantId: 'grant' })
      expect(command.writeConcern).toEqual({ w: 'majority' })
    }
  })
})
