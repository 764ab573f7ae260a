import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { refuseUnknown } from '../deferral/shape.js'
import type { DeferredTokenResponseOptions, DeferringClientMetadata } from '../options/options.js'
import * as oauth from '../protocol/oauth/names.js'
import * as openid from '../protocol/openid/names.js'
import { type DeferredConfiguration, Provider } from '../provider.js'
import { browse } from './browser.js'
import { runningClock, type TestClock } from './clock.js'
import { close, listen } from './listen.js'
import { memoryAdapter } from './memory_adapter.js'
import { memoryStore } from './memory_store.js'
import { namesOf } from './names_of.js'
import type { RecordingReceiver } from './receiver.js'
import { type Reviewer, reviewer, type Script } from './reviewer.js'
import { signIn } from './sign_in.js'

/** What a test wants of its provider. Every member has a default. */
export interface FakeProviderOptions {
  /** what happens to each deferral; `['wait', 'approve']` */
  script?: Script
  /** who signs in; `user` */
  accountId?: string
  /** metadata of the client, beside or instead of the default */
  client?: Partial<DeferringClientMetadata>
  /** where the client is notified */
  receiver?: RecordingReceiver
  /** of oidc-provider, beside or instead of the default; its `clients` and `scopes` are added */
  configuration?: DeferredConfiguration
  /** of the plugin, beside or instead of the default */
  deferred?: DeferredTokenResponseOptions
  /** any free one */
  port?: number
}

const members = namesOf<FakeProviderOptions>({
  script: true,
  accountId: true,
  client: true,
  receiver: true,
  configuration: true,
  deferred: true,
  port: true,
})

/** A provider that runs, and what a relying party has to know of it. */
export interface FakeProvider {
  /** `http://127.0.0.1:port` */
  issuer: string
  /** a client of both profiles, with `client_id`, `client_secret` and `redirect_uris` */
  client: DeferringClientMetadata & { client_id: string; client_secret: string; redirect_uris: string[] }
  provider: Provider
  /** shows the real time, and can be moved: a deferral that takes days expires at once */
  clock: TestClock
  /** decides by hand; `follow` replaces the script */
  reviewer: Reviewer
  /** Plays the end-user's browser: takes an authorization request, resolves to the redirect with the authorization response. */
  authorize(request: string | URL): Promise<URL>
  /** Stops the provider and closes its port. */
  close(): Promise<void>
  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A provider for the tests of a relying party: a real one, on a free port of loopback, with one client. Whoever is sent there
 * signs in without a page. Every request that can wait has to wait, and is decided by the script. It polls with an interval of a
 * second.
 *
 * ```ts
 * await using op = await fakeProvider({ script: ['wait', { progress: { step: 'checked' } }, 'approve'] })
 * const { client_id, client_secret } = op.client
 * const config = await discovery(new URL(op.issuer), client_id, client_secret, undefined, { execute: [allowInsecureRequests] })
 * ```
 *
 * It signs with ES256, and its `http` is for tests only.
 */
export async function fakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  refuseUnknown(options, members, 'fakeProvider:')
  const { script = ['wait', 'approve'], accountId = 'user', port = 0 } = options
  const clock = runningClock()
  const client = clientOf(options)
  const server = createServer()
  const issuer = `http://127.0.0.1:${await listen(server, port)}`
  const provider = await orClose(server, () => new Provider(issuer, configurationOf(options, client, clock)))
  const callback = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/')) signIn(provider, accountId, request, response)
    else callback(request, response)
  })
  const decides = reviewer(provider)
  await orClose(server, () => decides.follow(script))
  const stop = async () => {
    await provider.deferrals.close()
    await close(server)
  }
  return {
    issuer,
    client,
    provider,
    clock,
    reviewer: decides,
    authorize: (request) => browse(request, issuer),
    close: stop,
    [Symbol.asyncDispose]: stop,
  }
}

// a wrong option must not leave a server behind that keeps the process alive
async function orClose<T>(server: Server, create: () => T): Promise<T> {
  try {
    return create()
  } catch (error) {
    await close(server)
    throw error
  }
}

function clientOf({ client, receiver }: FakeProviderOptions): FakeProvider['client'] {
  return {
    client_id: 'client',
    client_secret: 'a secret of the client',
    redirect_uris: ['https://rp.example/callback'],
    grant_types: [openid.grantType, oauth.grantType, 'authorization_code', 'client_credentials', 'refresh_token'],
    response_types: ['deferred_code', 'code deferred_code', 'code'],
    ...(receiver && { deferred_client_notification_endpoint: receiver.endpoint }),
    ...client,
  } as FakeProvider['client']
}

function configurationOf(
  { configuration = {}, deferred, receiver }: FakeProviderOptions,
  client: DeferringClientMetadata,
  clock: TestClock,
): DeferredConfiguration {
  const { features, clients = [], scopes = ['payments'], ...rest } = configuration
  return {
    adapter: memoryAdapter(),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: ['fake'] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [signingKey()] },
    pkce: { required: () => false },
    ttl: lifetimes,
    ...rest,
    scopes: [...new Set(['openid', 'offline_access', ...scopes])],
    clients: [client, ...clients],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      ...features,
      deferredTokenResponse: {
        store: memoryStore({ clock }),
        now: clock.now,
        defer: (_ctx, { canWait }) => canWait,
        interval: 1,
        // one end-user plays all tests
        maxPending: { perAccount: Number.MAX_SAFE_INTEGER },
        ...(receiver && { keys: [randomBytes(32)], notification: receiver.notification }),
        ...deferred,
      },
    } as DeferredConfiguration['features'],
  }
}

// seconds, as the host has them: it complains of those that are not set
const lifetimes = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  Grant: 1_209_600,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 1_209_600,
  Session: 1_209_600,
}

// takes a millisecond; an RSA key takes longer than everything else
function signingKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'fake', use: 'sig' }
}
