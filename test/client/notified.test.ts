import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type Deferral,
  deferrableCodeGrant,
  deferredCodeExchange,
  notificationReceiver,
  toNodeListener,
  wait,
} from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority } from '../support/authority.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { checks, configurationOf, idOf, named, redirect } from './relying_parties.js'

let op: TestProvider
let server: Server
const deferrals = new Map<string, Deferral>()
const wakes = new Map<string, () => void>()

beforeAll(async () => {
  const { ca, issue } = await createAuthority()
  const receive = notificationReceiver({
    find: (handle) => deferrals.get(handle),
    onNotified: (handle) => wakes.get(handle)?.(),
  })
  server = createServer(await issue(['rp.example']), toNodeListener(receive)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const endpoint = `https://rp.example:${port}/notified`
  op = await startProvider({
    configuration: { clients: [named('notified', { deferred_client_notification_endpoint: endpoint })] },
    deferred: {
      defer: () => true,
      now: undefined as never,
      interval: 3600,
      keys: [randomBytes(32)],
      notification: { allow: ['127.0.0.0/8'], ports: [port], ca, resolve: () => ['127.0.0.1'] },
    },
  })
})

afterAll(async () => {
  await op.close()
  server.closeAllConnections()
  server.close()
})

test.each(['openid', 'oauth'])(
  'O-007 O-093 I-102 %s profile: a notification ends the wait of an hour',
  async (profile) => {
    const config = await configurationOf(op, 'notified', client.ClientSecretBasic(named('').client_secret!))
    const options = { notificationToken: client.randomState() }
    const currentUrl = await redirect(config, profile === 'openid' ? {} : { response_type: 'code' })
    const deferral =
      profile === 'openid'
        ? await deferredCodeExchange(config, currentUrl, checks, {}, options)
        : (await deferrableCodeGrant(config, currentUrl, checks, {}, options)).deferral!
    expect(deferral).toMatchObject({ profile, interval: 3600, ...options })
    deferrals.set(deferral.handle, deferral)
    const tokens = await wait(config, deferral, {
      onPending: () => op.provider.deferrals.approve(idOf(deferral)),
      subscribe: (wake) => {
        wakes.set(deferral.handle, wake)
        return () => wakes.delete(deferral.handle)
      },
    })
    expect(tokens.claims()).toMatchObject({ sub: 'alice', nonce: 'a nonce' })
    expect(wakes.size).toBe(0)
  },
)
