import Router from '@koa/router'
import type Koa from 'koa'
import mount from 'koa-mount'
import { type DeferRequest, type DeferredTokenResponseOptions, Provider } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import type { Storage } from '../storage/storage.js'
import { createApplication } from '../web/application.js'
import { show } from '../web/page.js'
import { type Client, hostConfiguration } from './configuration.js'
import { keepHistory } from './history.js'
import { interactions } from './interactions.js'
import { homePage } from './pages/home.js'

export interface ProviderOptions {
  origin: string
  storage: Storage
  keys: Keys
  client: Client
  /** What differs between a demo, a test and production. */
  deferral: Pick<DeferredTokenResponseOptions, 'interval' | 'ttl' | 'now'>
}

/** Every request is deferred: the bank asks for nothing but `deferred_code`. Reviewers learn how thoroughly to look. */
function defer(_: unknown, { scope }: DeferRequest) {
  return { context: { check: scope.has('overdraft') ? 'Identity and credit' : 'Identity' } }
}

/** The OpenID Provider, mounted in the application of the team that runs it. */
export function createProvider({ origin, storage, keys, client, deferral }: ProviderOptions): {
  app: Koa
  provider: Provider
} {
  const issuer = `${origin}/op`
  const host = hostConfiguration(storage, keys, client)
  const provider = new Provider(issuer, {
    ...host,
    features: { ...host.features, deferredTokenResponse: { ...deferral, store: storage.deferrals, defer } },
  })
  keepHistory(provider, storage.history)

  const relyingParty = new URL(client.redirectUri).origin
  const router = new Router()
  router.get('/', (ctx) => show(ctx, homePage(issuer, relyingParty)))
  const app = createApplication({
    site: 'provider',
    cookie: 'harbour_id',
    key: keys.cookies,
    mounted: mount('/op', provider),
    formTargets: [relyingParty],
    routers: [router, interactions(provider, storage.evidence)],
  })
  return { app, provider }
}
