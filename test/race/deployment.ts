import type { Db, Document } from 'mongodb'
import { type TestDatabase, testDatabase } from '../support/database.js'
import { type NodeSetup, type ProviderNode, type ProviderProcess, startSharedProcess } from '../support/node.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'
import { type Seeder, seeder } from './seed.js'

/** The issuer that several nodes have in common. */
export const issuer = 'http://op.example'

/** Two provider processes on one database. */
export interface Deployment {
  db: Db
  nodes: [ProviderNode, ProviderNode]
  /** the confidential client, at either node in turn */
  parties: [RelyingParty, RelyingParty]
  seed: Seeder
  stop(): Promise<void>
}

/** URL of a planted variant: the default export of a module of this folder, or another one. */
export function planted(module: string, name = 'default'): string {
  return new URL(`./${module}.js#${name}`, import.meta.url).href
}

/** How a node of this database is set up. */
export function setupOn({ db }: Pick<TestDatabase, 'db'>, modules: NodeSetup['modules'] = {}): NodeSetup {
  const uri = process.env.DEFERRED_TEST_MONGODB_URI as string
  return { uri, database: db.databaseName, issuer, modules }
}

// started once for all deployments of the suites that run in this process; they end with it
let processes: [ProviderProcess, ProviderProcess] | undefined

/** Starts a provider in each of two processes, on a database of their own. */
export async function deploy(modules?: NodeSetup['modules'], others: Partial<NodeSetup> = {}): Promise<Deployment> {
  const database = await testDatabase()
  const setup = { ...setupOn(database, modules), ...others }
  processes ??= [startSharedProcess(), startSharedProcess()]
  const nodes = (await Promise.all(processes.map((one) => one.open(setup)))) as Deployment['nodes']
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await database.drop()
  }
  try {
    const parties = nodes.map(({ origin }) => relyingParty(origin, 'secret')) as Deployment['parties']
    return { db: database.db, nodes, parties, seed: await seeder(database.db, nodes[0].origin), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs this many at once, on the two in turn. */
export function contend<T, Answer>(count: number, [a, b]: [T, T], run: (on: T) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => run(index % 2 ? b : a)))
}

/** Values of the tokens of this Grant that are stored and not consumed. */
export async function liveTokens(db: Db, model: 'access_token' | 'refresh_token', grantId: string): Promise<string[]> {
  const tokens = db.collection<Document & { _id: string }>(`oidc_${model}`)
  return (await tokens.find({ grantId, consumed: { $exists: false } }).toArray()).map(({ _id }) => _id)
}
