import type { Middleware } from 'koa'
import type { DeferredTokenResponseOptions, Provider } from 'oidc-provider-deferred'
import { createDesk } from './desk/application.js'
import { createPartner } from './partner/application.js'
import { createProvider } from './provider/application.js'
import { bankClient } from './provider/clients.js'
import { createConfirmation } from './provider/confirmation/application.js'
import { createRelyingParty } from './relying_party/application.js'
import { notificationPath } from './relying_party/notification.js'
import { demoKeys } from './storage/keys.js'
import { type MongoServer, openStorage } from './storage/storage.js'
import { type Certificate, selfSignedCertificate } from './web/certificate.js'
import { close, listen } from './web/listen.js'

/**
 * Of the provider, the relying party, the desk, the confirmation page, the partner and the relying party's notification endpoint;
 * 0 takes any free one.
 */
export type Ports = readonly [number, number, number, number, number, number]

export interface BankOptions {
  /** Everything is in memory without it. */
  mongodb?: MongoServer | undefined
  ports: Ports
  deferral?: Pick<DeferredTokenResponseOptions, 'interval' | 'ttl' | 'now'>
  /** What the relying party sends its requests with. */
  fetch?: typeof fetch
  /** What stands before its notification endpoint: a place to look on, or to stumble. */
  beforeNotification?: Middleware
  /** Of the confirmation page and the notification endpoint; a new self-signed one unless given. */
  certificate?: Certificate
}

export interface Bank {
  origins: Record<'provider' | 'relyingParty' | 'desk' | 'confirmation' | 'partner' | 'notification', string>
  storage: string
  provider: Provider
  stop(): Promise<void>
  /** Stops, and forgets everything that was stored. */
  erase(): Promise<void>
}

/** Starts every site in one process. They share nothing but the storage, and the desk the provider's `deferrals`. */
export async function startBank({
  mongodb,
  ports,
  deferral = {},
  fetch = globalThis.fetch,
  beforeNotification = (_, next) => next(),
  certificate: given,
}: BankOptions): Promise<Bank> {
  const certificate = given ?? (await selfSignedCertificate())
  const storage = await openStorage(mongodb)
  const keys = await demoKeys(storage.keys)
  const { cookies: key, clientSecret } = keys
  const { history, journeys } = storage
  // Listening comes first: with any free port, the addresses are known only then.
  const [provider, relyingParty, desk, confirmation, partner, notification] = await Promise.all([
    listen(ports[0]),
    listen(ports[1]),
    listen(ports[2]),
    listen(ports[3], certificate),
    listen(ports[4]),
    listen(ports[5], certificate),
  ])

  const redirectUri = `${relyingParty.origin}/callback`
  const addresses = { redirectUri, partner: partner.origin, notification: notification.origin + notificationPath }
  const op = createProvider({ origin: provider.origin, storage, keys, addresses, trusted: certificate.cert, deferral })
  const { deferrals, issuer } = op.provider
  const bank = await createRelyingParty({
    op: { issuer, clientId: bankClient, clientSecret, redirectUri, fetch },
    key,
    journeys,
    desk: desk.origin,
    beforeNotification,
  })

  provider.server.on('request', op.app.callback())
  relyingParty.server.on('request', bank.app.callback())
  notification.server.on('request', bank.notificationEndpoint.callback())
  desk.server.on('request', createDesk({ deferrals, storage, key, confirmation: confirmation.origin }).callback())
  confirmation.server.on('request', createConfirmation({ deferrals, history, key }).callback())
  partner.server.on('request', createPartner({ issuer, key: keys.partner, cookies: key }).callback())

  async function quiet(): Promise<void> {
    // Who is being told something may hear it to the end.
    await deferrals.close()
    await bank.stop()
    await Promise.all([provider, relyingParty, desk, confirmation, partner, notification].map(close))
  }
  return {
    origins: {
      provider: provider.origin,
      relyingParty: relyingParty.origin,
      desk: desk.origin,
      confirmation: confirmation.origin,
      partner: partner.origin,
      notification: notification.origin,
    },
    storage: storage.name,
    provider: op.provider,
    stop: () => quiet().then(storage.close),
    erase: () => quiet().then(storage.erase).then(storage.close),
  }
}
