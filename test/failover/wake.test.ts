/*
 * A node hears of decisions on another node through a change stream. Whatever happens to that stream costs time: held polls are
 * answered, and notifications are sent.
 */
import { MongoClient, type MongoClientOptions } from 'mongodb'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { moment, pendingOf } from '../protocol/long_poll/held_polls.js'
import { notifiedAt } from '../support/clients.js'
import { describeMongo } from '../support/database.js'
import { held } from '../support/deferral.js'
import { type Mongo, startMongo } from '../support/mongod.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type Receiver, startReceiver, until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { startTcpProxy, type TcpProxy } from '../support/tcp_proxy.js'

// a connection that is dead must be noticed soon
const impatient = { socketTimeoutMS: 2000, serverSelectionTimeoutMS: 2000, connectTimeoutMS: 2000 }
const seconds = 60

/** Two nodes: the first decides and does not send, the second sends and holds polls. */
async function startNodes(decider: MongoClient, holder: MongoClient) {
  const receiver = await startReceiver()
  const adapter = mongoAdapter(decider.db('wake'))
  await adapter.migrate()
  const node = async (client: MongoClient, worker: boolean, issuer?: string) =>
    startProvider({
      ...(issuer && { issuer }),
      configuration: { adapter, clients: notifiedAt(receiver.endpoint) },
      deferred: {
        store: mongoStore(client.db('wake')),
        // the database's clock counts
        now: undefined as never,
        defer: () => true,
        keys: [new Uint8Array(32).fill(7)],
        notification: { ...receiver.notification, worker },
        longPoll: { seconds },
      },
    })
  const first = await node(decider, false)
  return { receiver, first, second: await node(holder, true, first.issuer) }
}

/** What both nodes do about decisions that are made while there is a fault. */
async function throughFault(
  { first, second, receiver }: { first: TestProvider; second: TestProvider; receiver: Receiver },
  fault: () => Promise<unknown>,
  mend: () => unknown = () => {},
) {
  const { id, poll } = await pendingOf(first, 'oauth')
  const told = await held(first, relyingParty(first.issuer, 'secret'), 'client_credentials')
  const answer = poll(seconds, second)
  await moment()
  await fault()
  await first.provider.deferrals.approve(id)
  await first.provider.deferrals.approve(told.id)
  await mend()
  const { status, took } = await answer
  expect(status).toBe(200)
  // the answer comes for the decision, and not because the time is over
  expect(took).toBeLessThan(seconds - 5)
  await until(() => receiver.arrivals.some(({ body }) => body.includes(told.id)), seconds)
  process.stderr.write(`a held poll was answered after ${took.toFixed(1)} s\n`)
}

describeMongo('a node behind a network that is cut', () => {
  let mongo: Mongo
  let proxy: TcpProxy
  let nodes: Awaited<ReturnType<typeof startNodes>>
  const clients: MongoClient[] = []

  async function connect(port: number, options: MongoClientOptions = {}) {
    const client = await MongoClient.connect(`mongodb://127.0.0.1:${port}/?directConnection=true`, options)
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    mongo = await startMongo({ testCommands: true })
    const [port] = [...(mongo.pids as Map<number, number>).keys()] as [number]
    proxy = await startTcpProxy(port)
    const far = { ...impatient, appName: 'holder' }
    nodes = await startNodes(await connect(port), await connect(proxy.port, far))
  })

  afterAll(async () => {
    await Promise.all([nodes.first.close(), nodes.second.close()])
    await nodes.receiver.close()
    await Promise.all(clients.map((client) => client.close()))
    await proxy.close()
    await mongo.stop()
  })

  const admin = () => (clients[0] as MongoClient).db('admin')

  test('without a fault both are told at once', async () => {
    await throughFault(nodes, async () => {})
  })

  test('its cursor is killed', async () => {
    await throughFault(nodes, async () => {
      const [stage] = await admin()
        .aggregate([
          { $currentOp: { allUsers: true, idleCursors: true } },
          { $match: { appName: 'holder', 'cursor.tailable': true } },
        ])
        .toArray()
      expect(stage?.cursor).toBeDefined()
      await (clients[0] as MongoClient)
        .db('wake')
        .command({ killCursors: 'deferrals', cursors: [stage?.cursor.cursorId] })
    })
  })

  test('the database has forgotten where the stream was', async () => {
    const data = { failCommands: ['getMore'], errorCode: 286, appName: 'holder' }
    await throughFault(nodes, () => admin().command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data }))
  })

  test('connections end, and come back', async () => {
    const mend = async () => {
      await moment()
      proxy.mend()
    }
    await throughFault(nodes, async () => proxy.refuse(), mend)
  })

  test('connections are silent, and come back', async () => {
    const mend = async () => {
      await moment()
      proxy.mend()
    }
    await throughFault(nodes, async () => proxy.cut(), mend)
  })
})

describeMongo('a replica set whose primary steps down', () => {
  let mongo: Mongo
  let nodes: Awaited<ReturnType<typeof startNodes>>
  const clients: MongoClient[] = []

  beforeAll(async () => {
    mongo = await startMongo({ members: 3 })
    for (const options of [{}, impatient]) clients.push(await MongoClient.connect(mongo.uri, options))
    nodes = await startNodes(clients[0] as MongoClient, clients[1] as MongoClient)
  })

  afterAll(async () => {
    await Promise.all([nodes.first.close(), nodes.second.close()])
    await nodes.receiver.close()
    await Promise.all(clients.map((client) => client.close()))
    await mongo.stop()
  })

  test('held polls are answered, and notifications are sent', async () => {
    await throughFault(nodes, async () => {
      const admin = (clients[0] as MongoClient).db('admin')
      await admin.command({ replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 })
    })
  })
})
