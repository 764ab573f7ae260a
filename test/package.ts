/*
 * Packs the package, installs it into an empty project beside oidc-provider, type-checks a consumer there without
 * skipLibCheck under every module resolution, the oldest one too, with older types of the host, and where a package sees its own
 * dependencies only, and runs the provider of the README. The client's part is loaded with its peer, and without it.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const project = mkdtempSync(join(tmpdir(), 'package-'))
const { devDependencies, version } = createRequire(import.meta.url)('../../package.json')
const tarball = resolve(`oidc-provider-deferred-${version}.tgz`)

const provider = /```ts[^\n]*\n(\/\/ provider\.ts\n[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1]
if (!provider) throw new Error('the README has no provider.ts')

run('npm', ['pack', '--silent'], '.')
const kilobytes = statSync(tarball).size / 1000
console.log(`the package has ${kilobytes.toFixed(0)} kB`)
if (kilobytes > 400) throw new Error('the package is larger than 400 kB')
const consumer = { name: 'consumer', private: true, type: 'module' }
writeFileSync(join(project, 'package.json'), JSON.stringify(consumer))
const beside = ['oidc-provider', 'mongodb', 'typescript', '@types/node', '@opentelemetry/api'].map(
  (name) => `${name}@${devDependencies[name]}`,
)
run('npm', ['install', '--silent', '--no-audit', '--no-fund', tarball, ...beside], project)
const load = [
  '--input-type=module',
  '-e',
  "const { wait } = await import('oidc-provider-deferred/client'); console.log(typeof wait)",
]
const { stderr } = spawnSync('node', load, { cwd: project, encoding: 'utf8' })
if (!stderr.includes("Cannot find package 'openid-client'"))
  throw new Error(`the error does not name the peer: ${stderr}`)
console.log('without openid-client the error of oidc-provider-deferred/client names it')
const peer = `openid-client@${devDependencies['openid-client']}`
run('npm', ['install', '--silent', '--no-audit', '--no-fund', peer], project)
run('node', load, project)
writeFileSync(join(project, 'provider.ts'), provider)
for (const file of ['types.ts', 'testing.ts', 'client.ts', 'console.ts', 'opentelemetry.ts'])
  copyFileSync(`test/package/${file}`, join(project, file))
writeFileSync(
  join(project, 'store.ts'),
  `import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'

export const store = (db: Db): DeferralStore => mongoStore(db, { collection: 'deferrals', migrate: true })
export const adapter = (db: Db) => mongoAdapter(db, { prefix: 'oidc_' })
`,
)
run('npx', ['oidc-provider-deferred', '--help'], project)
console.log('the program runs from the packed package')
for (const [module, moduleResolution] of [
  ['node16', 'node16'],
  ['esnext', 'bundler'],
] as const) {
  typeCheck(module, moduleResolution)
}
run('npx', ['tsc', '--noEmit', 'false'], project)
const check =
  "import { provider } from './provider.js'\nif (!provider.deferrals) throw new Error('not installed')\nprocess.exit(0)\n"
writeFileSync(join(project, 'check.js'), check)
run('node', ['check.js'], project)
console.log('the provider of the README runs from the packed package')
run('node', ['testing.js'], project)
console.log('a provider of ./testing runs from the packed package')
run('node', ['console.js'], project)
console.log('a console of ./console runs from the packed package')
run('node', ['opentelemetry.js'], project)
console.log('instrument of ./opentelemetry runs from the packed package')
// the last compiler that knows the resolution of before `exports`
run('npm', ['install', '--silent', '--no-audit', '--no-fund', 'typescript@5'], project)
typeCheck('esnext', 'node10')
for (const version of ['9.1.0', '9.11.0']) {
  const host = { '@types/oidc-provider': version }
  const installed = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
  const dependencies = { ...installed.dependencies, ...host }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ ...installed, dependencies }))
  rmSync(join(project, 'package-lock.json'))
  rmSync(join(project, 'node_modules'), { recursive: true })
  run('npm', ['install', '--silent', '--no-audit', '--no-fund'], project)
  typeCheck('node16', 'node16')
  console.log(`the types of the host were those of ${version}`)
}
rmSync(join(project, 'package-lock.json'))
rmSync(join(project, 'node_modules'), { recursive: true })
run('npm', ['install', '--install-strategy=linked', '--silent', '--no-audit', '--no-fund'], project)
typeCheck('node16', 'node16')
console.log('each package saw its own dependencies only, as with a strict package manager')
rmSync(project, { recursive: true })
rmSync(tarball)

function typeCheck(module: string, moduleResolution: string): void {
  const compilerOptions = { strict: true, target: 'es2022', module, moduleResolution, types: ['node'], noEmit: true }
  const files = ['provider.ts', 'store.ts', 'types.ts', 'testing.ts', 'client.ts', 'console.ts', 'opentelemetry.ts']
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  run('npx', ['tsc'], project)
  console.log(`type-checks under moduleResolution ${moduleResolution}`)
}

function run(command: string, args: string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}
