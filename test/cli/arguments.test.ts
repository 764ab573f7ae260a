import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../lib/cli/commands.js'
import { run } from './program.js'

const hint = 'Run npx oidc-provider-deferred --help for the usage.\n'
const env = { MONGODB_URI: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200' }

test.each([
  [[], 'no command was given'],
  [['lst'], 'lst is not a command'],
  [['toString'], 'toString is not a command'],
  [['show'], 'show needs the ID of a deferral'],
  [['show', 'a', 'b'], 'b is one argument too many'],
  [['stats', 'a'], 'a is one argument too many'],
  [['list', '--colour', 'red'], "Unknown option '--colour'"],
  [['list', '--reason', 'red'], '--reason is not an option of list'],
  [['list', '--limit'], "Option '--limit <value>' argument missing"],
  [['approve', 'a', '--yes'], 'approve needs the option --by'],
  [['deny', 'a', '--by', 'kim', '--yes'], 'deny needs the option --reason'],
  [['assign', 'a', '--to', 'kim', '--for', 'ever'], '--for must be a whole number'],
  [['export', '--since', 'yesterday'], '--since must be a date such as 2026-01-31 or 2026-01-31T09:00:00Z'],
  [['export', '--since', '2026-02-30'], '--since must be a date such as 2026-01-31 or 2026-01-31T09:00:00Z'],
  [['export', '--until', '2026-02-03T10:00'], '--until must be a date such as 2026-01-31 or 2026-01-31T09:00:00Z'],
  [['export', '--since', '2026-13-31'], '--since must be a date such as 2026-01-31 or 2026-01-31T09:00:00Z'],
])('%j is wrong usage', async (args, message) => {
  // the values are read before the database is
  expect(await run(args, { env })).toEqual({ code: 2, stdout: '', stderr: `${message}\n${hint}` })
})

test('--help has every command, and every option of a command', async () => {
  const { code, stdout } = await run(['--help'])
  expect(code).toBe(0)
  for (const [name, { says }] of Object.entries(commands)) {
    expect(stdout).toMatch(new RegExp(`^  ${name}\\b.*${says.replace(/[.*+?^()|[\]\\]/g, '\\$&')}$`, 'm'))
  }
  const { stdout: ofDeny } = await run(['deny', '--help'])
  expect(ofDeny).toMatch(/^Usage: npx oidc-provider-deferred deny ID --by NAME --reason TEXT \[options\]$/m)
  for (const option of ['by', 'reason', 'note', 'yes', 'uri', 'json']) expect(ofDeny).toMatch(`\n  --${option}`)
})

test('no option may look like an ID', () => {
  const names = Object.values(commands).flatMap(({ options }) => Object.keys(options))
  expect(names.filter((name) => `--${name}`.length === 22)).toEqual([])
})

describe('without a database', () => {
  test('the program asks for one', async () => {
    const { code, stderr } = await run(['stats'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `no database was named, set MONGODB_URI or give --uri\n${hint}`,
    })
  })

  test('the exit code says that it cannot connect, and no password is shown', async () => {
    const uris = ['mongodb://kim:secret@127.0.0.1:1/?serverSelectionTimeoutMS=200', 'mongodb://kim:secret@', 'secret']
    for (const uri of uris) {
      const { code, stdout, stderr } = await run(['doctor', '--uri', uri])
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(stderr).toMatch(/^cannot connect to MongoDB: /)
      expect(stderr).not.toContain('secret')
    }
  })
})

test('without the driver the error says what to install', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'without-driver-'))
  try {
    cpSync('dist', join(folder, 'dist'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const ended = await run(['doctor'], { env, program: join(folder, 'dist/cli/main.js') })
    expect(ended).toEqual({
      code: 4,
      stdout: '',
      stderr: 'the driver mongodb is not installed, run npm install mongodb\n',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
