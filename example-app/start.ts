import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DeferredTokenResponseOptions, Provider } from 'oidc-provider-deferred'
import { createDesk } from './desk/application.js'
import { createProvider } from './provider/application.js'
import { createRelyingParty } from './relying_party/application.js'
import { demoKeys } from './storage/keys.js'
import { type MongoServer, openStorage } from './storage/storage.js'

export interface BankOptions {
  /** Everything is in memory without it. */
  mongodb?: MongoServer | undefined
  /** Of the provider, the relying party and the desk; 0 takes any free one. */
  ports: readonly [number, number, number]
  deferral?: Pick<DeferredTokenResponseOptions, 'interval' | 'ttl' | 'now'>
  /** What the relying party sends its requests with. */
  fetch?: typeof fetch
}

export interface Bank {
  origins: { provider: string; relyingParty: string; desk: string }
  storage: string
  provider: Provider
  stop(): Promise<void>
  /** Stops, and forgets everything that was stored. */
  erase(): Promise<void>
}

const clientId = 'harbour-bank'

async function listen(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

function originOf(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  // What is being answered may finish, but nobody may hold on to a connection.
  const patience = setTimeout(() => server.closeAllConnections(), 500)
  await closed
  clearTimeout(patience)
}

/** Starts the three sites in one process. They share nothing but the storage, and the desk the provider's `deferrals`. */
export async function startBank({
  mongodb,
  ports,
  deferral = {},
  fetch = globalThis.fetch,
}: BankOptions): Promise<Bank> {
  const storage = await openStorage(mongodb)
  const keys = await demoKeys(storage.keys)
  const key = keys.cookies
  // Listening comes first: with any free port, the addresses are known only then.
  const [providerServer, relyingPartyServer, deskServer] = await Promise.all([
    listen(ports[0]),
    listen(ports[1]),
    listen(ports[2]),
  ])
  const origins = {
    provider: originOf(providerServer),
    relyingParty: originOf(relyingPartyServer),
    desk: originOf(deskServer),
  }

  const redirectUri = `${origins.relyingParty}/callback`
  const client = { id: clientId, redirectUri }
  const { app, provider } = createProvider({ origin: origins.provider, storage, keys, client, deferral })
  const desk = createDesk({ deferrals: provider.deferrals, storage, key })
  const op = { issuer: provider.issuer, clientId, clientSecret: keys.clientSecret, redirectUri, fetch }
  const relyingParty = await createRelyingParty({ op, key, journeys: storage.journeys, desk: origins.desk })

  providerServer.on('request', app.callback())
  relyingPartyServer.on('request', relyingParty.app.callback())
  deskServer.on('request', desk.callback())

  async function quiet(): Promise<void> {
    await relyingParty.stop()
    await Promise.all([providerServer, relyingPartyServer, deskServer].map(close))
  }
  const stop = () => quiet().then(storage.close)
  const erase = () => quiet().then(storage.erase).then(storage.close)
  return { origins, storage: storage.name, provider, stop, erase }
}
