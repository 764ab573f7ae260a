import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../support/receiver.js'

/** A PostgreSQL server. */
export interface Postgres {
  uri: string
  version: string
  stop(): Promise<void>
}

const debian = '/usr/lib/postgresql'
// the server refuses to run as root
const nobody = 65_534

/**
 * The server at `POSTGRES_URI`, or a new one with default settings, of the programs `initdb` and `postgres` on the PATH or where Debian's
 * package `postgresql` puts them. Rejects where there is none.
 */
export async function startPostgres(): Promise<Postgres> {
  const { POSTGRES_URI: uri } = process.env
  if (uri) return { uri, version: 'PostgreSQL at POSTGRES_URI', async stop() {} }
  const folder = await binaries()
  const data = await mkdtemp(join(tmpdir(), 'bench-postgres-'))
  const owner = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}
  if (owner.uid) await chown(data, nobody, nobody)
  const made = spawnSync(join(folder, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'], owner)
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', data]
  const server = spawn(join(folder, 'postgres'), args, { stdio: 'ignore', ...owner })
  await until(() => answers(port), 30)
  return {
    uri: `postgres://bench@127.0.0.1:${port}/postgres`,
    version: versionOf(folder),
    async stop() {
      server.kill('SIGINT')
      await once(server, 'exit')
      await rm(data, { recursive: true, force: true })
    },
  }
}

async function binaries(): Promise<string> {
  const versions = await readdir(debian).catch(() => [])
  const folders = [...(process.env.PATH ?? '').split(':'), ...versions.map((version) => join(debian, version, 'bin'))]
  const found = folders.find((folder) => spawnSync(join(folder, 'initdb'), ['--version']).status === 0)
  if (found) return found
  throw new Error(
    'there is no PostgreSQL on this machine: install it (Debian: apt-get install postgresql) or set POSTGRES_URI',
  )
}

function versionOf(folder: string): string {
  const text = spawnSync(join(folder, 'postgres'), ['--version']).stdout.toString()
  return `PostgreSQL ${/\d+(\.\d+)?/.exec(text)?.[0] ?? ''}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
