/* The provider of an integrator: the packed package, the host's own pages for development, and a phone that is reached over HTTP. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { errors } from 'oidc-provider'
import { Provider } from 'oidc-provider-deferred'
import { authzen } from 'oidc-provider-deferred/authzen'
import { toNodeListener } from 'oidc-provider-deferred/client'
import { memoryAdapter, memoryStore } from 'oidc-provider-deferred/testing'

const deferred = 'urn:ietf:params:oauth:grant-type:deferred'
const ciba = 'urn:openid:params:grant-type:ciba'

async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** Starts the provider. `phone` is the URL of the device. */
export async function startProvider({ pdp, phone, certificate }) {
  const [server, callbackServer] = [createServer(), createSecureServer(certificate)]
  const issuer = `http://127.0.0.1:${await listen(server)}`
  const callbackPort = await listen(callbackServer)
  const decider = authzen({
    pdp: pdp.origin,
    authenticate: () => ({ authorization: `Bearer ${pdp.bearer}` }),
    egress: { allow: ['127.0.0.1'], ports: [pdp.port], ca: certificate.ca, resolve: () => ['127.0.0.1'] },
    accessRequest: {
      callback: {
        endpoint: `https://op.example:${callbackPort}/called-back`,
        keys: [new Uint8Array(32).fill(7)],
        caller: ['issued-to-the-service'],
      },
    },
  })
  const provider = new Provider(issuer, {
    adapter: memoryAdapter(),
    scopes: ['openid', 'offline_access', 'payments', 'reports', 'secrets', 'phone_call'],
    ttl: { AccessToken: 3600, ClientCredentials: 3600 },
    cookies: { keys: ['outside'] },
    clients: [
      {
        client_id: 'agent',
        client_secret: 'secret',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials', deferred],
        scope: 'payments reports secrets',
      },
      {
        client_id: 'shop',
        client_secret: 'secret',
        redirect_uris: ['https://shop.example/cb'],
        response_types: ['code'],
        grant_types: ['authorization_code', deferred, ciba],
        backchannel_token_delivery_mode: 'poll',
        scope: 'openid reports payments phone_call',
      },
    ],
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    features: {
      clientCredentials: { enabled: true },
      ciba: {
        enabled: true,
        deliveryModes: ['poll'],
        validateRequestContext: async () => {},
        verifyUserCode: async () => {},
        async triggerAuthenticationDevice(_ctx, { jti }, { accountId }) {
          await fetch(phone, {
            method: 'POST',
            body: JSON.stringify({ jti, accountId, answer: `${issuer}/phone-answer` }),
          })
        },
      },
      deferredTokenResponse: {
        store: memoryStore(),
        keys: [new Uint8Array(32).fill(1)],
        interval: 1,
        profiles: { oauth: { direct: true } },
        ciba: { hint: true, reachOut: ({ scope }) => scope.includes('phone_call') },
        defer: (ctx, request) =>
          request.grantType === 'client_credentials' ? decider.defer(ctx, request) : { queue: 'people' },
        reconsider: (ctx, deferral, task) =>
          deferral.queue === 'people' ? true : decider.reconsider(ctx, deferral, task),
        task: decider.task,
      },
    },
  })
  const callback = provider.callback()
  server.on('request', async (incoming, outgoing) => {
    if (incoming.url !== '/phone-answer') return callback(incoming, outgoing)
    const chunks = []
    for await (const chunk of incoming) chunks.push(chunk)
    const { jti, accountId, yes } = JSON.parse(Buffer.concat(chunks).toString())
    const grant = new provider.Grant({ accountId, clientId: 'shop' })
    grant.addOIDCScope('openid reports payments phone_call')
    await provider.backchannelResult(jti, yes ? await grant.save() : new errors.AccessDenied('not me'))
    outgoing.writeHead(204).end()
  })
  callbackServer.on('request', toNodeListener(decider.callback(provider)))
  return {
    issuer,
    provider,
    async close() {
      for (const one of [server, callbackServer]) one.close().closeAllConnections()
      await Promise.all([provider.deferrals.close(), decider.close()])
    },
  }
}
