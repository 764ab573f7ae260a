import Router from '@koa/router'
import type Koa from 'koa'
import mount from 'koa-mount'
import { type DeferredTokenResponseOptions, type NotificationOptions, Provider } from 'oidc-provider-deferred'
import type { Keys } from '../storage/entries.js'
import type { Storage } from '../storage/storage.js'
import { createApplication } from '../web/application.js'
import { readPictures } from '../web/form.js'
import { show } from '../web/page.js'
import type { ClientAddresses } from './clients.js'
import { hostConfiguration } from './configuration.js'
import { interactions } from './interactions.js'
import { type Metrics, metricsOf } from './metrics.js'
import { homePage } from './pages/home.js'
import { offerPartnerGrant } from './partner_assertion.js'
import { isLess } from './payment.js'
import { defer } from './review.js'

export interface ProviderOptions {
  origin: string
  storage: Storage
  keys: Keys
  addresses: ClientAddresses
  /** Certificate of the notification endpoint, in PEM. */
  trusted: string
  /** Options that differ between the demo and its tests. */
  deferral: DeferralOptions
}

/** Who decides may differ too: reviewers, or a policy decision point. */
export type DeferralOptions = Pick<
  DeferredTokenResponseOptions,
  'interval' | 'ttl' | 'now' | 'defer' | 'reconsider' | 'task'
>

/**
 * Allows notifications to this machine. Leave these options out in production: endpoints then have public addresses, port 443 and
 * certificates that Node.js trusts, and the plugin reaches no others.
 */
function onThisMachine({ notification }: ClientAddresses, ca: string): NotificationOptions {
  return { allow: ['127.0.0.0/8', '::1'], ports: [Number(new URL(notification).port)], ca }
}

/** The OpenID Provider, mounted in a Koa application that has interactions of its own. */
export function createProvider({ origin, storage, keys, addresses, trusted, deferral }: ProviderOptions): {
  app: Koa
  provider: Provider
  metrics: Metrics
} {
  const issuer = `${origin}/op`
  const host = hostConfiguration(storage, keys, addresses)
  const provider = new Provider(issuer, {
    ...host,
    features: {
      ...host.features,
      deferredTokenResponse: {
        store: storage.deferrals,
        defer,
        ...deferral,
        // a plain OAuth client may wait from the authorization endpoint on
        profiles: { oauth: { direct: true } },
        // the customer of an unusual sign-in is asked on the phone
        ciba: { reachOut: ({ queue }) => queue === 'fraud' },
        narrow: { payment: isLess },
        keys: [keys.notifications],
        notification: onThisMachine(addresses, trusted),
      },
    },
  })
  offerPartnerGrant(provider, keys)

  const relyingParty = new URL(addresses.redirectUri).origin
  const metrics = metricsOf(provider)
  const router = new Router()
  router.get('/', (ctx) => show(ctx, homePage(issuer, relyingParty)))
  router.get('/metrics', metrics.serve)
  const app = createApplication({
    site: 'provider',
    cookie: 'harbour_id',
    key: keys.cookies,
    mounted: mount('/op', provider),
    uploads: readPictures('picture'),
    formTargets: [relyingParty],
    routers: [router, interactions(provider, storage.evidence)],
  })
  return { app, provider, metrics }
}
