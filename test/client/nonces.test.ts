import { decodeJwt } from 'jose'
import { cancel, deferredCodeExchange, poll } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { expect, test } from 'vitest'
import { newKey } from './relying_parties.js'
import { pending } from './scripted.js'

test('the nonce of each answer is in the next proof, also where openid-client does not see that answer', async () => {
  const server = {
    issuer: 'https://op.example',
    token_endpoint: 'https://op.example/token',
    deferred_authentication_cancellation_endpoint: 'https://op.example/cancel',
  }
  const config = new client.Configuration(server, 'rp', undefined, client.None())
  const answers = [
    Response.json({ deferred_auth_id: 'a handle', expires_in: 60 }, { headers: { 'dpop-nonce': 'first' } }),
    pending({ 'dpop-nonce': 'second' }),
    new Response(null, { headers: { 'dpop-nonce': 'third' } }),
    pending(),
  ]
  const nonces: unknown[] = []
  config[client.customFetch] = async (_url, { headers }) => {
    nonces.push(decodeJwt(headers.dpop!).nonce)
    return answers[nonces.length - 1]!
  }
  const options = { DPoP: await newKey(config) }
  const currentUrl = new URL('https://rp.example/cb?deferred_code=a-code')
  const deferral = await deferredCodeExchange(config, currentUrl, {}, {}, options)
  await poll(config, deferral, options)
  await cancel(config, deferral, options)
  await poll(config, deferral, options)
  expect(nonces).toEqual([undefined, 'first', 'second', 'third'])
})
