import type { CommandStartedEvent, Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, describe, expect, test } from 'vitest'
import { list, withHistory } from '../../../lib/back_office/listing.js'
import { recordsOf } from '../../../lib/deferral/records.js'
import type { Stored } from '../../../lib/deferral/store.js'
import { transit } from '../../../lib/deferral/transit.js'
import { type EventName, events } from '../../deferral/states.js'
import { madeIn, paths } from '../../store/lost_replies.js'
import { at, newDeferral } from '../../store/new_deferral.js'
import { recorded } from '../../store/recorded.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { issuer, verbsOn } from '../../support/records.js'

const write = 'update'
const read = 'find'
const settled = ['settleDelivered', 'settleOwed', 'settleSuppressed'] as const
const from: Record<string, readonly EventName[]> = {
  ...paths,
  ...Object.fromEntries(settled.map((name) => [name, paths.settleFailed])),
}

describeMongo('the commands of mongoStore', () => {
  const database = useDatabase({ monitorCommands: true })
  let store: ReturnType<typeof mongoStore>

  beforeAll(async () => {
    store = mongoStore(database.db)
    await store.migrate()
    await store.find('migrates')
  })

  test('creation is one, and so is a poll', async () => {
    const request = newDeferral()
    const create = await recorded(database.db, () => verbsOn(store).create(request))
    expect(create.map(({ commandName }) => commandName)).toEqual(['findAndModify'])
    const poll = await recorded(database.db, () => verbsOn(store).find(request.id))
    expect(poll.map(({ commandName }) => commandName)).toEqual([read])
    for (const event of [...create, ...poll]) expectOnOneShard(event, request.id)
  })

  test('a deferral with its history is two reads, a page of them one', async () => {
    const records = recordsOf(store, { issuer, retention: 86_400, clock: () => undefined, onWritten: () => {} })
    const ids = [await madeIn(store, ['exchange']), await madeIn(store, [])]
    const get = await recorded(database.db, async () => withHistory(records, (await records.find(ids[0]!))!))
    expect(get.map(({ commandName }) => commandName)).toEqual([read, read])
    for (const event of get) expectOnOneShard(event, ids[0]!)
    const page = await recorded(database.db, () => list(records, { limit: 2, history: true }))
    expect(page.map(({ commandName }) => commandName)).toEqual([read])
  })

  describe.each(Object.keys(events) as EventName[])('I5 %s', (name) => {
    const [seconds, transition] = events[name]
    const now = at(seconds)

    test('is one read and one write, and with what the caller has read the write alone', async () => {
      for (const isKnown of [false, true]) {
        const id = await madeIn(store, from[name] as EventName[])
        const known = isKnown ? ((await store.find(id, now)) as Stored) : undefined
        const commands = await recorded(database.db, () => transit(store, id, transition, { now, snapshot: known }))
        expect(commands.map(({ commandName }) => commandName)).toEqual(isKnown ? [write] : [read, write])
        for (const event of commands) expectOnOneShard(event, id)
      }
    })
  })

  test('I-096 a decision and the duty to tell of it are one write, before the exchange, too', async () => {
    for (const name of ['approve', 'deny', 'cancel'] as const) {
      const id = await madeIn(store, ['exchange'])
      expect((await writesOf(id, name)).$set).toMatchObject({ 'notification.status': 'owed' })
      const early = await madeIn(store, name === 'cancel' ? ['approve'] : [name])
      expect((await writesOf(early, 'exchange')).$set).toMatchObject({ notification: { status: 'owed' } })
    }
  })

  test('an attempt is two writes: the lease and what became of it', async () => {
    const id = await madeIn(store, ['exchange', 'approve'])
    const commands = await recorded(database.db, async () => {
      const known = (await store.find(id, at(20))) as Stored
      const leased = await transit(store, id, events.lease[1], { now: at(20), snapshot: known })
      await transit(store, id, events.settleDelivered[1], { now: at(21), snapshot: leased?.record })
    })
    expect(commands.map(({ commandName }) => commandName)).toEqual([read, write, write])
    const [lease, settlement] = commands.slice(1).map(({ command }) => command.updates[0].u)
    for (const { $set } of [lease, settlement]) {
      expect($set).not.toHaveProperty(['notification'])
      expect($set).not.toHaveProperty(['notification.sealed'])
    }
    expect(settlement.$unset).toHaveProperty(['notification.sealed'])
  })

  test('a transition writes what differs and the history entry, and no more', async () => {
    const id = await madeIn(store, ['exchange'])
    const update = await writesOf(id, 'requireInteraction')
    expect(Object.keys(update).sort()).toEqual(['$inc', '$push', '$set'])
    expect(Object.keys(update.$set).sort()).toEqual(['interaction', 'writeId'])
    const resumed = await writesOf(id, 'resume')
    expect(resumed).toMatchObject({ $unset: { interaction: 1 }, $inc: { revision: 1 } })
  })

  test('a read in doubt follows the last operation of the primary, and is asked of no secondary', async () => {
    const id = await madeIn(store, [])
    const commands = await recorded(database.db, () => store.find(id, at(1), true))
    expect(commands.map(({ commandName }) => commandName)).toEqual(['ping', read])
    expect(commands[1]?.command.readConcern).toEqual({ level: 'majority', afterClusterTime: expect.anything() })
  })

  test('I-116 a decoy costs what a cancellation of what was read costs: one write, that matches nothing', async () => {
    const { transitDecoy } = recordsOf(store, {
      issuer,
      retention: 86_400,
      clock: () => undefined,
      onWritten: () => {},
    })
    const [decoy, ...others] = await recorded(database.db, transitDecoy)
    expect(others).toEqual([])
    const { q, u } = decoy!.command.updates[0]
    expect(await database.db.collection('deferrals').countDocuments(q)).toBe(0)
    const id = await madeIn(store, [])
    const cancelled = await writesOf(id, 'cancelByClient')
    expect(Object.keys(u).filter((name) => name !== '$unset')).toEqual(
      Object.keys(cancelled).filter((name) => name !== '$unset'),
    )
  })

  async function writesOf(id: string, name: EventName): Promise<Document> {
    const now = at(events[name][0])
    const known = (await store.find(id, now)) as Stored
    const commands = await recorded(database.db, () => transit(store, id, events[name][1], { now, snapshot: known }))
    expect(commands.map(({ commandName }) => commandName)).toEqual([write])
    return commands[0]?.command.updates[0].u
  }
})

/** `_id` by equality targets one shard; what a client is told must survive a failover. */
function expectOnOneShard({ commandName, command }: CommandStartedEvent, id: string): void {
  const filter = command.filter ?? command.query ?? command.updates[0].q
  expect(filter._id).toBe(id)
  if (commandName === read) expect(command.readConcern).toMatchObject({ level: 'majority' })
  else expect(command.writeConcern).toEqual({ w: 'majority' })
  if (commandName === write) expect(filter.revision).toEqual(expect.any(Number))
}
