import type { DeferRequest } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { oauthGrantType } from '../../support/clients.js'
import { send } from '../../support/journey.js'
import { withProvider } from '../../support/provider.js'

const client = {
  client_id: 'poster',
  client_secret: 'never to be logged',
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials', oauthGrantType],
  response_types: [],
  redirect_uris: [],
} as const

test('I-132 defer is not told the secret its client authenticated with', async () => {
  const asked: DeferRequest[] = []
  const defer = (_ctx: unknown, request: DeferRequest) => asked.push(request) > 0
  await withProvider({ configuration: { clients: [client] }, deferred: { defer } }, async (op) => {
    const { client_id, client_secret } = client
    const params = { grant_type: 'client_credentials', scope: 'payments', completion_mode: 'deferred' }
    expect(await send(`${op.issuer}/token`, { ...params, client_id, client_secret })).toMatchObject({ status: 400 })
  })
  expect(asked[0]?.params).toMatchObject({ grant_type: 'client_credentials', scope: 'payments' })
  expect(JSON.stringify(asked[0]?.params)).not.toContain(client.client_secret)
})
