/*
 * A primary that has lost its majority goes on answering for some seconds. What it alone has is taken back by the failover, so
 * nobody may be told of it.
 */
import { type Db, type Document, MongoClient } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordsOf } from '../../lib/deferral/records.js'
import { decide } from '../../lib/deferral/transitions.js'
import { describeMongo } from '../support/database.js'
import { held, pollDeferral, revoke } from '../support/deferral.js'
import { type Mongo, startMongo } from '../support/mongod.js'
import { startProvider, type TestProvider, withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'

// the database's clock counts
const deferred = { defer: () => true, now: undefined as never }

describeMongo('a primary that is cut off from its majority', () => {
  let mongo: Mongo
  let client: MongoClient
  let db: Db
  let op: TestProvider
  let careless: TestProvider
  let rp: RelyingParty

  beforeAll(async () => {
    mongo = await startMongo({ members: 3, testCommands: true })
    client = await MongoClient.connect(mongo.uri)
    db = client.db('failover')
    const adapter = mongoAdapter(db)
    await adapter.migrate()
    const store = mongoStore(db)
    await store.migrate()
    op = await startProvider({ configuration: { adapter }, deferred: { ...deferred, store } })
    careless = await startProvider({
      issuer: op.issuer,
      configuration: { adapter },
      deferred: { ...deferred, store: locallyReading(store, db) },
    })
    rp = relyingParty(op.issuer, 'secret')
  })

  afterAll(async () => {
    await Promise.all([op.close(), careless.close()])
    await client.close()
    await mongo.stop()
  })

  /** The primary's writes reach nobody else until `act` has ended. Resolves to the ports of the others. */
  async function withoutMajority(act: (primary: number) => Promise<void>): Promise<number[]> {
    const { primary } = await db.admin().command({ hello: 1 })
    const port = Number(String(primary).split(':')[1])
    const others = [...(mongo.pids as Map<number, number>).keys()].filter((at) => at !== port)
    const replicate = (mode: 'off' | 'alwaysOn') =>
      Promise.all(others.map((at) => command(at, { configureFailPoint: 'stopReplProducer', mode })))
    await replicate('alwaysOn')
    try {
      await act(port)
    } finally {
      await replicate('off')
    }
    return others
  }

  test('E-02 a write that meets one no majority has yet waits for it, without spinning, and is a 503 when that takes too long', async () => {
    const { id, deferralCode } = await held(op, rp, 'client_credentials')
    const impatient = await MongoClient.connect(mongo.uri, { socketTimeoutMS: 1000, monitorCommands: true })
    let updates = 0
    impatient.on('commandStarted', ({ commandName }) => {
      if (commandName === 'update') updates += 1
    })
    const store = mongoStore(impatient.db('failover'), { migrate: false })
    // its indexes are there, and creating them again would wait for the majority as well
    const configuration = { adapter: mongoAdapter(db) }
    await withProvider({ issuer: op.issuer, configuration, deferred: { ...deferred, store } }, async ({ origin }) => {
      let denial: Promise<unknown> | undefined
      await withoutMajority(async () => {
        denial = op.provider.deferrals.deny(id)
        await until(async () => (await locally(db, id))?.status === 'denied')
        const answer = await revoke(relyingParty(origin, 'secret'), deferralCode)
        expect(answer).toMatchObject({ status: 503, body: { error: 'server_error' } })
        expect(answer.headers.get('retry-after')).toBe('5')
      })
      expect(await denial).toMatchObject({ changed: true })
      expect(updates).toBeLessThanOrEqual(4)
      expect((await revoke(relyingParty(origin, 'secret'), deferralCode)).status).toBe(200)
    })
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
    await impatient.close()
  })

  // last: it costs a member
  test('E-02 a refusal that only the primary knows is told to nobody, and after the failover an approval yields tokens', async () => {
    const { id, deferralCode } = await held(op, rp, 'client_credentials')
    const atCareless = relyingParty(careless.origin, 'secret')
    // the node that decides dies with its database, or it would try again
    const dying = await MongoClient.connect(mongo.uri, { retryWrites: false })
    const store = mongoStore(dying.db('failover'))
    let isAlive = true
    const denier = recordsOf(
      {
        ...store,
        // a client that was closed would connect again
        find: (...args) => (isAlive ? store.find(...args) : new Promise(() => undefined)),
        swap: (...args) => (isAlive ? store.swap(...args) : new Promise(() => undefined)),
      },
      { issuer: op.issuer, retention: 86_400, clock: () => undefined, onWritten() {} },
    )
    const survivors = await withoutMajority(async (port) => {
      void denier.transit(id, decide('denied', {})).catch(() => undefined)
      await until(async () => (await locally(db, id))?.status === 'denied')
      // planted: reads what the primary has
      expect((await pollDeferral(atCareless, deferralCode)).body.error).toBe('access_denied')
      expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
      isAlive = false
      await dying.close(true)
      process.kill((mongo.pids as Map<number, number>).get(port) as number, 'SIGKILL')
    })
    await electOneOf(survivors)
    expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
  })
})

async function command(port: number, what: object): Promise<Document> {
  const client = await MongoClient.connect(`mongodb://127.0.0.1:${port}/?directConnection=true`)
  try {
    return await client.db('admin').command(what)
  } finally {
    await client.close()
  }
}

/** Has the members vote now. On a busy machine an election that begins by itself may take longer than drivers wait. */
async function electOneOf(ports: number[]): Promise<void> {
  const isElected = (port: number) =>
    command(port, { replSetStepUp: 1 }).then(
      () => true,
      () => false,
    )
  await until(async () => {
    for (const port of ports) if (await isElected(port)) return true
    return false
  }, 120)
}

function locally(db: Db, id: string) {
  return db
    .collection<{ _id: string; status: string }>('deferrals', { readConcern: { level: 'local' } })
    .findOne({ _id: id })
}

/** Planted: a store that reads from the primary what no majority has yet. */
function locallyReading(store: DeferralStore, db: Db): DeferralStore {
  return {
    ...store,
    async find(id, now) {
      const found = await store.find(id, now)
      const seen = found && (await locally(db, id))
      return found && seen ? ({ ...found, status: seen.status, decision: {} } as typeof found) : found
    },
  }
}
