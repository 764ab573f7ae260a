import type Koa from 'koa'
import type { Middleware } from 'koa'
import type { Provider } from 'oidc-provider-deferred'
import { createDesk } from './desk/application.js'
import { createPartner } from './partner/application.js'
import { createProvider, type DeferralOptions } from './provider/application.js'
import { bankClient } from './provider/clients.js'
import { createConfirmation } from './provider/confirmation/application.js'
import { createRelyingParty } from './relying_party/application.js'
import { notificationPath } from './relying_party/notification.js'
import { demoKeys } from './storage/keys.js'
import { type MongoServer, openStorage } from './storage/storage.js'
import { type Certificate, selfSignedCertificate } from './web/certificate.js'
import { close, type Listening, listen } from './web/listen.js'

/** Ports of the sites, in the order of `siteNames`. 0 takes any free port. */
export type Ports = readonly [number, number, number, number, number, number]

const siteNames = ['provider', 'relyingParty', 'desk', 'confirmation', 'partner', 'notification'] as const

type Sites<T> = Record<(typeof siteNames)[number], T>

export interface BankOptions {
  /** Default: everything is in memory. */
  mongodb?: MongoServer | undefined
  ports: Ports
  deferral?: Partial<DeferralOptions>
  /** Sends the relying party's requests to the provider. */
  fetch?: typeof fetch
  /** Runs before the relying party's notification endpoint. Tests record requests here, or answer with an error. */
  beforeNotification?: Middleware
  /** For the confirmation page and the notification endpoint. Default: a new self-signed certificate. */
  certificate?: Certificate
}

export interface Bank {
  origins: Sites<string>
  storage: string
  provider: Provider
  stop(): Promise<void>
  /** Stops, and deletes everything that was stored. */
  erase(): Promise<void>
}

/** Listens on every port. The addresses are known only afterwards, because a port may be any free one. */
async function openSites(ports: Ports, certificate: Certificate): Promise<Sites<Listening>> {
  const [provider, relyingParty, desk, confirmation, partner, notification] = await Promise.all([
    listen(ports[0]),
    listen(ports[1]),
    listen(ports[2]),
    listen(ports[3], certificate),
    listen(ports[4]),
    listen(ports[5], certificate),
  ])
  return { provider, relyingParty, desk, confirmation, partner, notification }
}

function originsOf({ provider, relyingParty, desk, confirmation, partner, notification }: Sites<Listening>) {
  return {
    provider: provider.origin,
    relyingParty: relyingParty.origin,
    desk: desk.origin,
    confirmation: confirmation.origin,
    partner: partner.origin,
    notification: notification.origin,
  }
}

/** Starts every site in one process. They share the storage; the desk and the confirmation page use the provider's `deferrals`. */
export async function startBank(options: BankOptions): Promise<Bank> {
  const { mongodb, ports, deferral = {}, fetch = globalThis.fetch, beforeNotification = (_, next) => next() } = options
  const certificate = options.certificate ?? (await selfSignedCertificate())
  const storage = await openStorage(mongodb)
  const keys = await demoKeys(storage.keys)
  const { cookies: key, clientSecret } = keys
  const { evidence, journeys } = storage
  const sites = await openSites(ports, certificate)
  const origins = originsOf(sites)

  const redirectUri = `${origins.relyingParty}/callback`
  const addresses = { redirectUri, partner: origins.partner, notification: origins.notification + notificationPath }
  const op = createProvider({ origin: origins.provider, storage, keys, addresses, trusted: certificate.cert, deferral })
  const { deferrals, issuer } = op.provider
  const relyingParty = createRelyingParty({
    op: { issuer, clientId: bankClient, clientSecret, redirectUri, fetch },
    key,
    journeys,
    desk: origins.desk,
    beforeNotification,
  })
  const applications: Sites<Koa> = {
    provider: op.app,
    relyingParty: relyingParty.app,
    desk: createDesk({ provider: op.provider, evidence, key, confirmation: origins.confirmation, now: deferral.now }),
    confirmation: createConfirmation({ deferrals, key, provider: op.provider, questions: storage.questions }),
    partner: createPartner({ issuer, key: keys.partner, cookies: key }),
    notification: relyingParty.notificationEndpoint,
  }
  for (const name of siteNames) sites[name].server.on('request', applications[name].callback())
  await relyingParty.start()

  async function stop(): Promise<void> {
    // First, so that notifications under way are answered.
    await deferrals.close()
    await op.metrics.stop()
    await relyingParty.stop()
    await Promise.all(Object.values(sites).map(close))
  }
  return {
    origins,
    storage: storage.name,
    provider: op.provider,
    stop: () => stop().then(storage.close),
    erase: () => stop().then(storage.erase).then(storage.close),
  }
}
