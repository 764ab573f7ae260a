/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Ping Callback", and OAuth 2.0 Deferred Token Response, "Client Callback":
 * the secrets of the notification are stored with the deferral, and nothing is sent before the client has its handle.
 * `lib/notification` sends it. The ping of CIBA is sent in the same way.
 */
import { errors } from 'oidc-provider'
import type { Channel, Sealing } from '../deferral/notification.js'
import { arm, armPing } from '../deferral/notification_transitions.js'
import type { Stored } from '../deferral/store.js'
import { type Context, clientOf, onceAnswered } from '../host/context.js'
import { endpointOf } from '../notification/endpoint.js'
import type { Secrets } from '../notification/sealer.js'
import type { Plugin } from '../plugin.js'
import { reachOutOnceAnswered } from './ciba/reach_out.js'

// RFC 6750, section 2.1
const bearerSyntax = /^[A-Za-z0-9\-._~+/]+=*$/

// I-099
const delaySeconds = 1
// used if the node dies before it has answered
const delayAfterCrashSeconds = 15

/** Throws `invalid_request` for a token that cannot be sent as a bearer token. */
export function assertNotificationToken(parameter: string, token: unknown): asserts token is string | undefined {
  if (token === undefined || (typeof token === 'string' && token.length <= 1024 && bearerSyntax.test(token))) return
  throw new errors.InvalidRequest(`${parameter} must have the syntax of a bearer token`)
}

/** Encrypts the secrets for the notification or ping of this client; empty if it has no endpoint for it (C-I11, X-131). */
export async function sealingFor(
  ctx: Context,
  { host, sealer }: Plugin,
  id: string,
  { handle, token }: { handle: string; token: string | undefined },
  channel: Channel = 'notification',
): Promise<{ sealing?: Sealing }> {
  const client = clientOf(ctx)
  if (!sealer || endpointOf(client, channel) === undefined) return {}
  const secrets: Secrets = { handle, ...(token !== undefined && { token }) }
  const owner = { issuer: host.provider.issuer, id, clientId: client.clientId }
  return { sealing: { sealed: await sealer.seal(owner, secrets), delay: delayAfterCrashSeconds } }
}

/** Allows the notification, and the question to the end-user, when the answer to this request has left (O-090, I-098, C-I28). */
export function armOnceAnswered(ctx: Context, plugin: Plugin, deferral: Stored): void {
  const { records } = plugin
  reachOutOnceAnswered(ctx, plugin, deferral)
  if (!deferral.notification) return
  // if this write fails, the notification is sent after `delayAfterCrashSeconds`
  onceAnswered(ctx, () => void records.transit(deferral.id, arm(delaySeconds), deferral).catch(() => undefined))
}

/** Allows the ping when the answer to this request has left. */
export function armPingOnceAnswered(ctx: Context, { records }: Plugin, id: string, legHash: string): void {
  if (endpointOf(clientOf(ctx), 'ping') === undefined) return
  onceAnswered(ctx, () => void records.transit(id, armPing(delaySeconds, legHash)).catch(() => undefined))
}
