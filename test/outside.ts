/*
 * npm run outside
 *
 * Installs the packed package into an empty project, beside a policy decision point and a phone that were written from the texts
 * alone, and lets clients of others use all of it. Exits with 1 when something differs from what the texts say.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createAuthority } from './support/authority.js'

const project = mkdtempSync(join(tmpdir(), 'outside-'))
const { devDependencies, version } = createRequire(import.meta.url)('../../package.json')

run('npm', ['pack', '--silent', '--pack-destination', project], '.')
cpSync('test/outside', project, { recursive: true })
writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'outside', private: true, type: 'module' }))
const { ca, issue } = await createAuthority()
const certificate = { ...(await issue(['pdp.example', 'op.example'])), ca }
writeFileSync(join(project, 'certificate.json'), JSON.stringify(certificate))
const others = ['oidc-provider', 'oauth4webapi', 'openid-client'].map((name) => `${name}@${devDependencies[name]}`)
const tarball = resolve(project, `oidc-provider-deferred-${version}.tgz`)
run('npm', ['install', '--silent', '--no-audit', '--no-fund', tarball, ...others], project)
run('node', ['--no-warnings', 'main.mjs'], project)
rmSync(project, { recursive: true })

function run(command: string, args: string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed, see ${project}`)
}
