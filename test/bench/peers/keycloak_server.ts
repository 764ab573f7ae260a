import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../free_port.js'
import { realm, realmName } from './realm.js'

const seconds = 300
const pause = 250

/** A running Keycloak. */
export interface KeycloakServer {
  port: number
  pid: number
  stop(): Promise<void>
}

/** What it needs to know. */
export interface KeycloakSettings {
  /** JDBC URL of an empty database, and who owns it */
  database: string
  user: string
  /** endpoint that asks the end-user */
  channel: string
}

/** Starts the Keycloak of this folder in production mode on a database that it fills. Nothing else is with it: its caches are local. */
export async function startKeycloakServer(home: string, settings: KeycloakSettings): Promise<KeycloakServer> {
  await mkdir(join(home, 'data/import'), { recursive: true })
  await writeFile(join(home, 'data/import/realm.json'), JSON.stringify(realm))
  const port = await freePort()
  const log = join(home, 'log')
  const child = spawnProgram(home, port, log, settings)
  const server: KeycloakServer = {
    port,
    pid: child.pid!,
    async stop() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
  const deadline = Date.now() + seconds * 1000
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}/realms/${realmName}`).catch(() => undefined)
    if (response?.ok) return server
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  await server.stop()
  throw new Error(`it did not start, see ${log}`)
}

function spawnProgram(home: string, port: number, log: string, { database, user, channel }: KeycloakSettings) {
  const args = [
    ...['start', '--optimized', '--import-realm', '--cache=local', '--hostname-strict=false'],
    ...['--http-enabled=true', '--http-host=127.0.0.1', `--http-port=${port}`],
    `--spi-ciba-auth-channel--ciba-http-auth-channel--http-authentication-channel-uri=${channel}`,
  ]
  const output = openSync(log, 'w')
  const child = spawn(join(home, 'bin/kc.sh'), args, {
    stdio: ['ignore', output, output],
    env: {
      ...process.env,
      KC_DB_URL: database,
      KC_DB_USERNAME: user,
      KC_DB_PASSWORD: 'none',
      JAVA_OPTS_KC_HEAP: '-Xms1g -Xmx2g',
    },
  })
  closeSync(output)
  return child
}

/** Of the Java that Keycloak runs on. */
export function javaVersion(): string {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/java') : 'java'
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  return stderr.split('\n')[1]?.trim() ?? 'Java'
}
