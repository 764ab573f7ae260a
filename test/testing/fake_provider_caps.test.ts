import { fakeProvider } from 'oidc-provider-deferred/testing'
import { expect, test } from 'vitest'

test('the one end-user of a fake provider may have more than 50 requests that wait', async () => {
  await using op = await fakeProvider({ script: [] })
  const params = {
    client_id: op.client.client_id,
    redirect_uri: op.client.redirect_uris[0] as string,
    scope: 'openid',
    response_type: 'deferred_code',
  }
  for (let n = 0; n <= 50; n++) {
    const redirect = await op.authorize(`${op.issuer}/auth?${new URLSearchParams(params)}`)
    expect(redirect.searchParams.get('deferred_code')).toEqual(expect.any(String))
  }
})
