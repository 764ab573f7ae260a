import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free_port.js'

const run = promisify(execFile)
const debian = '/usr/lib/postgresql'
const programs = ['initdb', 'postgres', 'pg_isready', 'createdb']
// the server refuses to run as root
const nobody = 65_534

/** A PostgreSQL server of its own. */
export interface Postgres {
  /** of the database that it comes with */
  uri: string
  version: string
  /** its user; there is no password */
  user: string
  pid: number
  /** Resolves to its JDBC URL. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

/** Starts one with the settings that it comes with, except for these. */
export async function startPostgres(settings: string[] = []): Promise<Postgres> {
  const binaries = await programsFolder()
  const folder = await mkdtemp(join(tmpdir(), 'bench-postgres-'))
  const options = { cwd: folder, ...(await ownerOf(folder)) }
  const program = (name: string, args: string[]) => run(join(binaries, name), args, options)
  const [data, port, user] = [join(folder, 'data'), await freePort(), 'bench']
  await program('initdb', ['-D', data, '-U', user, '--auth=trust', '-E', 'UTF8'])
  const { stdout } = await program('postgres', ['--version'])
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
  const args = ['-D', data, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])]
  const child = spawn(join(binaries, 'postgres'), args, { ...options, stdio: 'ignore' })
  const address = ['-h', '127.0.0.1', '-p', String(port)]
  while (child.exitCode === null && !(await program('pg_isready', address).catch(() => false)));
  return {
    uri: `postgres://${user}@127.0.0.1:${port}/postgres`,
    version: `PostgreSQL ${/[\d.]+/.exec(stdout)?.[0]}`,
    user,
    pid: child.pid!,
    async createDatabase(name) {
      await program('createdb', [...address, '-U', user, name])
      return `jdbc:postgresql://127.0.0.1:${port}/${name}`
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGINT')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

/** Where all of its programs are: the newest ones that Debian installed, or those on the PATH. */
async function programsFolder(): Promise<string> {
  const versions = await readdir(debian).catch(() => [])
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(debian, version, 'bin'))
  const folders = [...newestFirst, ...(process.env.PATH ?? '').split(':')]
  const found = folders.find((folder) => programs.every((name) => existsSync(join(folder, name))))
  if (!found) throw new Error('no PostgreSQL: apt-get install postgresql')
  return found
}

async function ownerOf(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  await chown(folder, nobody, nobody)
  return { uid: nobody, gid: nobody }
}
