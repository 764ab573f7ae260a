import { MongoClient } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { type Mongo, startMongo } from '../support/mongod.js'
import { type Observation, observedAdapter, observedStore } from '../support/observed.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'
import { type Seeder, seeder } from './seed.js'

/** What the server does to the next commands; the driver by itself retries once what it takes for a passing fault. */
export const kinds = {
  'closes the connection, twice': { closeConnection: true, times: 2, applied: false },
  'reports an error': { errorCode: 8, times: 1, applied: false },
  'applies it, but reports that it failed': {
    writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
    times: 1,
    applied: true,
  },
} as const

export type Kind = keyof typeof kinds

/** How a request is answered that met such a fault: 503 where it passes by itself. */
export const statusOf = (kind: Kind) => (kind === 'reports an error' ? 500 : 503)

/** The same with the body. */
export const serverError = (kind: Kind) => ({ status: statusOf(kind), body: { error: 'server_error' } })

const application = 'provider'

/** Every kind of fault these calls can meet. */
export function faultsAt(calls: string[]): (readonly [call: string, kind: Kind])[] {
  const all = Object.keys(kinds) as Kind[]
  return calls.flatMap((call) =>
    // a read has no write concern
    all.filter((kind) => !(call.endsWith('find') && kinds[kind].applied)).map((kind) => [call, kind] as const),
  )
}

/** A provider whose database fails on demand. */
export interface Patient {
  op: TestProvider
  rp: RelyingParty
  seed: Seeder
  db: ReturnType<MongoClient['db']>
  /** calls of the store, `verb`, and of the adapter, `Model.verb` */
  calls: string[]
  /** has the database fail for the next call of this name, or its next such commands; `more` lengthens the fault */
  failAt(call: string, kind: Kind, more?: number, commands?: string[]): void
  /** ends a fault that was not used up */
  heal(): Promise<void>
  close(): Promise<void>
}

/** A server of its own that takes fail points. */
export function startFragileMongo(): Promise<Mongo> {
  return startMongo({ testCommands: true })
}

/** A provider on this server; `make` plants another store. */
export async function admit({ uri }: Mongo, make: (store: DeferralStore) => DeferralStore = (store) => store) {
  const healthy = await MongoClient.connect(uri)
  const client = await MongoClient.connect(uri, { appName: application })
  const name = `faults_${Date.now()}`
  const db = client.db(name)
  const adapter = observedAdapter(mongoAdapter(db))
  // a sweep comes at any moment, and would take the fault that is meant for a request
  const store = observedStore({ ...mongoStore(db), due: async () => [] })
  const op = await startProvider({
    configuration: { adapter: adapter.adapter },
    deferred: { store: make(store.store), defer: (_ctx, { profile }) => profile === 'oauth' },
  })
  const failPoint = (mode: 'off' | { times: number }, data: object = {}) =>
    healthy.db('admin').command({ configureFailPoint: 'failCommand', mode, data: { ...data, appName: application } })
  // a fault that nothing met ends with it
  let heals = 0
  const patient: Patient = {
    op,
    rp: relyingParty(op.issuer, 'secret'),
    seed: await seeder(db, op.issuer),
    db,
    calls: store.calls,
    failAt(call, kind, more = 0, failCommands = commandsOf(call)) {
      const { times, applied: _applied, ...fault } = kinds[kind]
      const observation: Observation = call.includes('.') ? adapter : store
      const heard = heals
      observation.interrupt(call, async () => {
        if (heard === heals) await failPoint({ times: times + more }, { ...fault, failCommands })
      })
    },
    heal: async () => {
      heals += 1
      await failPoint('off')
    },
    async close() {
      await op.close()
      await healthy.db(name).dropDatabase()
      await Promise.all([client.close(), healthy.close()])
    },
  }
  return patient
}

function commandsOf(call: string): string[] {
  if (call.endsWith('find')) return ['find']
  return call.endsWith('revokeByGrantId') ? ['delete'] : ['findAndModify', 'update']
}
