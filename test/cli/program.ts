import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { TestDatabase } from '../support/database.js'

/** How the program ended. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** How the program is started. */
export interface Setup {
  /** what is typed */
  input?: string
  env?: Record<string, string>
  /** run in the process before the program */
  preload?: string
  program?: string
}

/** The program as it is packed. */
export const packed = resolve('dist/cli/main.js')

/** Makes the process believe that it runs in a terminal. */
export const inTerminal = 'process.stdin.isTTY = true; process.stderr.isTTY = true'

/** Starts the program; the test reads its output. */
export function start(args: readonly string[], { env = {}, preload, program = packed }: Setup = {}) {
  const imports = preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  return spawn(process.execPath, [...imports, program, ...args], {
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
  })
}

/** Runs the program to its end. */
export async function run(args: readonly string[], setup: Setup = {}): Promise<Ended> {
  const child = start(args, setup)
  const ended = { stdout: '', stderr: '' }
  child.stdout.on('data', (data) => {
    ended.stdout += data
  })
  child.stderr.on('data', (data) => {
    ended.stderr += data
  })
  child.stdin.end(setup.input ?? '')
  const [code] = await once(child, 'close')
  return { code, ...ended }
}

/** Runs the program on a database. */
export function on({ db }: TestDatabase, args: readonly string[], setup: Setup = {}): Promise<Ended> {
  return run([...args, '--db', db.databaseName], { ...setup, env: { ...environment(), ...setup.env } })
}

/** The same with `--json`: the exit code, and the value that was printed. */
export async function jsonOn(
  database: TestDatabase,
  args: readonly string[],
  setup: Setup = {},
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
): Promise<{ code: number | null; value: any }> {
  const { code, stdout, stderr } = await on(database, [...args, '--json'], setup)
  if (!stdout) throw new Error(`${code}: ${stderr}`)
  return { code, value: JSON.parse(stdout) }
}

/** The environment of the program. */
export function environment(): Record<string, string> {
  return { MONGODB_URI: process.env.DEFERRED_TEST_MONGODB_URI ?? '' }
}
