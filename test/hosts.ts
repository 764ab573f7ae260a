/*
 * Runs the black-box tests against other versions of oidc-provider: `npm run test:hosts -- 9.0.0 9.5.2 9.13.3`. Each gets a
 * folder of its own under .hosts with that host installed and the compiled package and tests beside it; everything else
 * resolves from the project's own node_modules.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const blackBox = [
  'build/test/protocol/openid',
  'build/test/protocol/oauth',
  'build/test/protocol/long_poll',
  'build/test/frameworks',
  'build/test/testing',
  'build/test/notification/wire',
  'build/test/notification/told',
  'build/test/notification/held_back',
  'build/test/mongodb/adapter/provider.test.js',
]

const versions = process.argv.slice(2)
if (versions.length === 0) throw new TypeError('name the versions: npm run test:hosts -- 9.0.0 9.13.3')
for (const version of versions) runAgainst(version)

function runAgainst(version: string): void {
  const folder = join('.hosts', version)
  installHost(folder, version)
  for (const part of ['dist', 'build', 'package.json', 'vitest.config.js']) {
    rmSync(join(folder, part), { recursive: true, force: true })
    cpSync(part, join(folder, part), { recursive: true })
  }
  console.log(`\noidc-provider ${version} on Node.js ${process.version}`)
  const vitest = join('..', '..', 'node_modules', 'vitest', 'vitest.mjs')
  run(process.execPath, [vitest, 'run', ...blackBox], folder, { HOST_VERSION: version })
}

function installHost(folder: string, version: string): void {
  if (existsSync(join(folder, 'node_modules', 'oidc-provider'))) return
  mkdirSync(folder, { recursive: true })
  rmSync(join(folder, 'package.json'), { force: true })
  run(
    'npm',
    ['install', '--prefix', '.', '--no-save', '--no-package-lock', '--ignore-scripts', `oidc-provider@${version}`],
    folder,
  )
}

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) process.exit(status ?? 1)
}
