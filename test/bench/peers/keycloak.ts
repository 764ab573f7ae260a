import { type Postgres, startPostgres } from '../postgres.js'
import { openAuthenticationChannel } from './authentication_channel.js'
import { cpuOf } from './cpu.js'
import { keycloakHome, version } from './keycloak_home.js'
import { keycloakRequests } from './keycloak_requests.js'
import { javaVersion, startKeycloakServer } from './keycloak_server.js'
import type { Group, Peer } from './peer.js'

interface Variant {
  name: string
  state: string
  features: string[]
  /** requests: more than it answers polls within its interval of a second */
  waiting: number
}

type Keycloak = { peer: Peer; stop(): Promise<void> }

const variants: Variant[] = [
  { name: 'Keycloak CIBA', state: 'its memory', features: [], waiting: 10_000 },
  { name: 'Keycloak CIBA, stateless', state: 'PostgreSQL', features: ['stateless'], waiting: 2500 },
]

/** Keycloak's CIBA as it comes, and with the feature that keeps waiting requests in the database. */
export async function startKeycloaks(): Promise<Group> {
  const homes = new Map<string[], string>()
  for (const { features } of variants) homes.set(features, await keycloakHome(features))
  const postgres = await startPostgres(['max_connections=250'])
  const started = await Promise.allSettled(
    variants.map((variant) => startKeycloak(homes.get(variant.features)!, postgres, variant)),
  )
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => {
    await Promise.all(running.map((one) => one.stop()))
    await postgres.stop()
  }
  const failed = started.find((one) => one.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return {
    versions: [`Keycloak ${version}`, javaVersion(), postgres.version],
    peers: running.map(({ peer }) => peer),
    stop,
  }
}

async function startKeycloak(home: string, postgres: Postgres, { name, state, waiting }: Variant): Promise<Keycloak> {
  const channel = await openAuthenticationChannel()
  const running: { stop(): void | Promise<void> }[] = [channel]
  const stop = async () => {
    for (const one of running) await one.stop()
  }
  try {
    const database = await postgres.createDatabase(name.replaceAll(/\W+/g, '_').toLowerCase())
    const server = await startKeycloakServer(home, { database, user: postgres.user, channel: channel.url })
    running.unshift(server)
    const peer: Peer = {
      kind: 'keycloak',
      name,
      state,
      port: server.port,
      warmUp: 30,
      ...(await keycloakRequests(server.port, channel, waiting)),
      usage: async () => ({ server: cpuOf(server.pid), database: cpuOf(postgres.pid) }),
    }
    return { peer, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
