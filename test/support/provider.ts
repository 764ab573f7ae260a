import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type DeferredConfiguration,
  type DeferredTokenResponseOptions,
  memoryStore,
  Provider,
} from 'oidc-provider-deferred'
import { clients, jwks } from './clients.js'
import { type Clock, createClock } from './clock.js'
import { type Interaction, interact } from './interaction.js'
import { memoryAdapter } from './memory_adapter.js'

/** A running provider with everything a test asks of it. */
export interface TestProvider {
  issuer: string
  /** where it really listens; clients behind a proxy see the issuer instead */
  origin: string
  provider: Provider
  clock: Clock
  /** what the next end-user does; replaced by a test that wants something else */
  user: { interaction: Interaction }
  close(): Promise<void>
}

export interface TestOptions {
  configuration?: DeferredConfiguration
  deferred?: DeferredTokenResponseOptions
  clock?: Clock
  /** shared by providers that play nodes of one deployment */
  issuer?: string
  /** an application of the integrator's that hands requests below this path on to the provider */
  mounted?: { path: string; by: (provider: Provider) => RequestListener }
}

/** Starts a real provider on loopback: its own HTTP server, the memory store, a settable clock, interactions that finish by themselves. */
export async function startProvider({
  configuration = {},
  deferred = {},
  clock = createClock(),
  issuer,
  mounted,
}: TestOptions = {}): Promise<TestProvider> {
  const server = createServer()
  const port = await listen(server)
  const origin = `http://127.0.0.1:${port}`
  const { features, ...rest } = configuration
  const url = issuer ?? origin + (mounted?.path ?? '')
  const provider = new Provider(url, {
    adapter: memoryAdapter(),
    clients,
    jwks,
    cookies: { keys: ['test'] },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.com`, email_verified: true }),
    }),
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    scopes: ['openid', 'offline_access', 'email', 'payments'],
    pkce: { required: () => false },
    ...rest,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
      clientCredentials: { enabled: true },
      ...features,
      // in most tests one end-user has more that waits than an end-user may have
      deferredTokenResponse: { store: memoryStore(), now: clock.now, maxPending: { perAccount: 10_000 }, ...deferred },
    } as DeferredConfiguration['features'],
  })
  const user = { interaction: {} as Interaction }
  const callback = mounted?.by(provider) ?? provider.callback()
  server.on('request', (req, res) => {
    if (req.url?.startsWith('/interaction/')) interact(provider, req, res, user.interaction)
    else callback(req, res)
  })
  return { issuer: url, origin, provider, clock, user, close: () => closeAll(provider, server) }
}

/** A provider for one test, closed whatever happens. */
export async function withProvider(options: TestOptions, use: (op: TestProvider) => Promise<void>): Promise<void> {
  const op = await startProvider(options)
  try {
    await use(op)
  } finally {
    await op.close()
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function closeAll({ deferrals }: Provider, server: Server): Promise<void> {
  await deferrals?.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
