/*
 * A process in which providers run, on MongoDB. Its parent is `startProcess` of node.ts: it says how each provider is to be set up,
 * calls the back office, and hears of the plugin's events. The process ends with its parent.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Db, MongoClient } from 'mongodb'
import type { Adapter } from 'oidc-provider'
import { type Deferral, type DeferralStore, type DeferredConfiguration, Provider } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { events } from '../../lib/deferral/events.js'
import { bytesInUse } from './bytes_in_use.js'
import { interact } from './interaction.js'
import type { Told } from './node.js'
import type { Call, Report } from './node_messages.js'

type Office = Record<string, (...args: unknown[]) => Promise<unknown>>
type Extensions = Record<string, (provider: Provider, setup: Told) => void>

const report = (message: Report) => process.send?.(message)

/** By the numbers the parent gave them. */
const providers = new Map<number, { provider: Provider; end: () => Promise<void> }>()

process.once('disconnect', () => process.exit())
process.on('message', answer)

/** Starts a provider; resolves to where it listens. */
async function open(number: number, setup: Told): Promise<string> {
  const client = await MongoClient.connect(setup.uri, { maxPoolSize: 64 })
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(setup.issuer ?? origin, await configuration(client.db(setup.database), setup))
  if (setup.issuer) provider.proxy = true
  for (const event of setup.isSilent ? [] : events) {
    provider.on(
      `deferral.${event}` as never,
      ((deferral: Deferral) => report({ provider: number, event, deferral, at: process.hrtime.bigint() })) as never,
    )
  }
  await extend(provider, setup)
  const callback = provider.callback()
  server.on('request', (req, res) => {
    if (req.url?.startsWith('/interaction/')) interact(provider, req, res, {})
    else callback(req, res)
  })
  const end = async () => {
    server.closeAllConnections()
    server.close()
    await provider.deferrals.close()
    await client.close()
  }
  providers.set(number, { provider, end })
  return origin
}

async function configuration(db: Db, setup: Told): Promise<DeferredConfiguration> {
  const { modules = {}, interim, deferred, clients, jwks } = setup
  const { notification } = deferred ?? {}
  const store = await replaced<DeferralStore>(modules.store, db)
  const adapter = await replaced<(name: string) => Adapter>(modules.adapter, db)
  return {
    adapter: adapter ?? mongoAdapter(db),
    clients,
    jwks,
    cookies: { keys: ['test'] },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    scopes: ['openid', 'offline_access', 'email', 'payments'],
    pkce: { required: () => false },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      ...(setup.ciba && { ciba: silentDevice }),
      deferredTokenResponse: {
        ...(setup.ciba && { ciba: { hint: true, maxOpen: { perAccount: 100, perClient: 1000 } } }),
        store: store ?? mongoStore(db),
        maxPending: { perAccount: 10_000 },
        ...deferred,
        ...(notification && { notification: resolving(notification) }),
        // a deferred_code waits anyway
        defer: (_ctx, { profile, canWait, scope }) => canWait && (termsOf(scope, setup) ?? profile === 'oauth'),
        ...(interim && { interimIdToken: () => interim }),
      },
    },
  }
}

function termsOf(requested: ReadonlySet<string>, { scopes = {} }: Told) {
  return Object.entries(scopes).find(([scope]) => requested.has(scope))?.[1]
}

const silentDevice = {
  enabled: true,
  deliveryModes: ['poll'],
  triggerAuthenticationDevice: () => undefined,
  validateBindingMessage: () => undefined,
  validateRequestContext: () => undefined,
  verifyUserCode: () => undefined,
} as never

function resolving({ hosts, ...options }: NonNullable<NonNullable<Told['deferred']>['notification']>) {
  return { ...options, ...(hosts && { resolve: (host: string) => hosts[host] ?? [] }) }
}

async function extend(provider: Provider, setup: Told): Promise<void> {
  const { extension } = setup.modules ?? {}
  if (!extension) return
  const exported = (await import(extension)) as Extensions
  exported[new URL(extension).hash.slice(1) || 'default']!(provider, setup)
}

async function replaced<T>(module: string | undefined, db: Db): Promise<T | undefined> {
  if (!module) return undefined
  const { hash } = new URL(module)
  const exported = (await import(module)) as Record<string, (db: Db) => T>
  return exported[hash.slice(1) || 'default']!(db)
}

async function answer({ call, provider, method, args }: Call): Promise<void> {
  try {
    report({ call, result: await perform(provider, method, args) })
  } catch (error) {
    report({ call, message: String(error) })
  }
}

function perform(number: number, method: Call['method'], args: unknown[]): Promise<unknown> | unknown {
  if (method === 'open') return open(number, args[0] as Told)
  if (method === 'cpu') return microseconds(process.cpuUsage())
  if (method === 'memory') return bytesInUse()
  if (method === 'rss') return process.memoryUsage.rss()
  const { provider, end } = providers.get(number)!
  if (method === 'end') return end()
  const { deferrals } = provider
  const [, notificationMethod] = method.split('.')
  const office = (notificationMethod ? deferrals.notifications : deferrals) as unknown as Office
  return office[notificationMethod ?? method]!(...args)
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}
