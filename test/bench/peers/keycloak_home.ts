import { execFile } from 'node:child_process'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const version = '26.7.3'

const cache = fileURLToPath(new URL('../../../../node_modules/.cache/peers/', import.meta.url))
const archive = `keycloak-quarkus-dist-${version}.tar.gz`
const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`

/** Folder of a Keycloak that is built for PostgreSQL with these features; from Maven Central, once. */
export async function keycloakHome(features: string[]): Promise<string> {
  const home = join(cache, ['keycloak', version, ...features].join('-'))
  const built = join(home, 'built')
  if (await exists(built)) return home
  await download()
  await rm(home, { recursive: true, force: true })
  await mkdir(home, { recursive: true })
  await run('tar', ['-xzf', join(cache, archive), '--strip-components', '1', '-C', home])
  const chosen = features.length ? [`--features=${features}`] : []
  await run(join(home, 'bin/kc.sh'), ['build', '--db=postgres', ...chosen])
  await writeFile(built, '')
  return home
}

async function download(): Promise<void> {
  if (await exists(join(cache, archive))) return
  const args = ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`]
  await run('mvn', args).catch((error) => {
    throw new Error(`no Keycloak: mvn ${args.join(' ')}`, { cause: error })
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
