/*
 * Planted: sends from the process that decided, once, and leaves it at that, as is usual.
 */
import { request } from 'node:https'
import { type Document, MongoClient } from 'mongodb'
import type { Provider } from 'oidc-provider'
import type { Deferral } from 'oidc-provider-deferred'
import { createSealer } from '../../lib/notification/sealer.js'
import type { Told } from '../support/node.js'

export default function sendInline(provider: Provider, { uri, database, deferred = {}, clients }: Told): void {
  const mongo = new MongoClient(uri)
  const deferrals = mongo.db(database).collection<Document & { _id: string }>('deferrals')
  const sealer = createSealer(deferred.keys ?? [])

  async function send({ id, clientId, profile }: Deferral): Promise<void> {
    const stored = await deferrals.findOne({ _id: id })
    const client = clients.find(({ client_id }) => client_id === clientId)
    if (!stored?.notification || !sealer) return
    const owner = { issuer: provider.issuer, id, clientId }
    const { handle, token } = await sealer.open(owner, stored.notification.sealed)
    const { hostname, host, port, pathname } = new URL(client?.deferred_client_notification_endpoint ?? '')
    const headers = {
      host,
      'content-type': 'application/json',
      'delivery-id': id,
      'delivery-attempt': '1',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    const tls = { servername: hostname, ca: deferred.notification?.ca as string }
    request({ ...tls, host: '127.0.0.1', port, path: pathname, method: 'POST', headers })
      .on('error', () => undefined)
      .on('response', (response) => response.resume())
      .end(JSON.stringify({ [profile === 'openid' ? 'deferred_auth_id' : 'deferral_code']: handle }))
  }

  for (const event of ['approved', 'denied', 'cancelled'] as const) {
    provider.on(`deferral.${event}`, (deferral) => void send(deferral).catch(() => undefined))
  }
}
