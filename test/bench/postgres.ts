import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { access, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free_port.js'

const run = promisify(execFile)
const debian = '/usr/lib/postgresql'

/** A PostgreSQL server of its own, with the settings it comes with. */
export interface Postgres {
  version: string
  /** its user; there is no password */
  user: string
  pid: number
  /** Resolves to its JDBC URL. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

export async function startPostgres(): Promise<Postgres> {
  const programs = await programsFolder()
  const folder = await mkdtemp(join(tmpdir(), 'peers-postgres-'))
  const options = { cwd: folder, ...(await ownerOf(folder)) }
  const program = (name: string, args: string[]) => run(join(programs, name), args, options)
  const [data, port, user] = [join(folder, 'data'), await freePort(), 'bench']
  await program('initdb', ['-D', data, '-U', user, '--auth=trust', '-E', 'UTF8'])
  const { stdout } = await program('postgres', ['--version'])
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=250']
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const child = spawn(join(programs, 'postgres'), args, { ...options, stdio: 'ignore' })
  const address = ['-h', '127.0.0.1', '-p', String(port)]
  while (child.exitCode === null && !(await program('pg_isready', address).catch(() => false)));
  return {
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

/** The newest that Debian installed, or nothing. */
async function programsFolder(): Promise<string> {
  const versions = await readdir(debian).catch(() => [])
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  if (!newest) throw new Error('no PostgreSQL: apt-get install postgresql')
  const folder = join(debian, newest, 'bin')
  await access(join(folder, 'initdb'))
  return folder
}

/** PostgreSQL refuses to run as root. */
async function ownerOf(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const idOf = (kind: string) => Number(spawnSync('id', [kind, 'postgres'], { encoding: 'utf8' }).stdout)
  const [uid, gid] = [idOf('-u'), idOf('-g')]
  await chown(folder, uid, gid)
  return { uid, gid }
}
