import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import { memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { responseOf } from '../../../support/authorization.js'
import { authorizeDirectly, directRequest, firstPoll, withDirect } from '../../../support/direct.js'
import { withProvider } from '../../../support/provider.js'
import { codeVerifier, relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const interaction = { uri: 'https://op.example/confirm' }
const op = useProvider(
  withDirect(true, { deferred: { defer: () => ({ expiresIn: 7200, interval: 15, interaction }) } }),
)
const expected = {
  deferral_code: expect.any(String) as unknown,
  state: 'a state',
  expires_in: '7200',
  interval: '15',
}

test.each([undefined, 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'])(
  'X-016 X-017 X-018 X-019 X-020 over response_mode %s',
  async (mode) => {
    const rp = relyingParty(op.issuer)
    const landing = await authorizeDirectly(rp, { response_mode: mode })
    const { aud: _aud, exp: _exp, ...members } = (await responseOf(op, rp, landing)) as Record<string, unknown>
    expect(members).toEqual({ ...expected, iss: op.issuer })
  },
)

test('X-016 without state there is none', async () => {
  const { params } = await authorizeDirectly(relyingParty(op.issuer), { state: undefined })
  expect(Object.keys(params).sort()).toEqual(['deferral_code', 'expires_in', 'interval', 'iss'])
})

test('X-020 the first poll names the page that the redirect did not', async () => {
  const rp = relyingParty(op.issuer)
  const { params } = await authorizeDirectly(rp)
  const { body } = await firstPoll(rp, String(params.deferral_code))
  expect(body).toMatchObject({ error: 'interaction_required', interaction_uri: interaction.uri })
})

describe('X-022 the URL stays where it is', () => {
  // a browser that follows no redirect of the last step
  async function lastAnswer(issuer: string): Promise<Response> {
    const cookies = new Map<string, string>()
    let url = relyingParty(issuer).authorizationUrl(directRequest)
    for (;;) {
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
      for (const set of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
        cookies.set(name, value)
      }
      url = new URL(response.headers.get('location') ?? '', url).href
      if (url.startsWith('https://rp.example/')) return response
    }
  }

  test('X-022 no-store, no referrer, and a redirect whose body does not repeat it', async () => {
    const response = await lastAnswer(op.issuer)
    expect(response.status).toBe(303)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(await response.text()).toBe('')
  })
})

test('X-021 the store has a hash of the handle, and never the handle', async () => {
  const store = memoryStore()
  const kept: unknown[] = []
  const insert: typeof store.insert = (record, ...rest) => {
    kept.push(record)
    return store.insert(record, ...rest)
  }
  await withProvider(withDirect(true, { deferred: { store: { ...store, insert } } }), async ({ issuer }) => {
    const { params } = await authorizeDirectly(relyingParty(issuer))
    const secret = String(params.deferral_code).slice(22)
    expect(secret).toHaveLength(43)
    expect(kept).toMatchObject([{ handleHash: expect.any(String), direct: 'unclaimed' }])
    expect(JSON.stringify(kept)).not.toContain(secret)
  })
})

test('X-023 a client of oauth4webapi checks iss and state, and takes the parameter that is there', async () => {
  const rp = relyingParty(op.issuer)
  const server = {
    issuer: op.issuer,
    token_endpoint: `${op.issuer}/token`,
    authorization_response_iss_parameter_supported: true,
  }
  const { url } = await authorizeDirectly(rp)
  const client = { client_id: 'secret' }
  expect(() => oauth.validateAuthResponse(server, client, url as URL, 'another state')).toThrow(/state/)
  const params = oauth.validateAuthResponse(server, client, url as URL, 'a state')
  expect([params.has('code'), params.has('deferral_code')]).toEqual([false, true])
  const response = await oauth.genericTokenEndpointRequest(
    server,
    client,
    oauth.ClientSecretBasic('a secret of the client'),
    'urn:ietf:params:oauth:grant-type:deferred',
    { deferral_code: String(params.get('deferral_code')), code_verifier: codeVerifier },
    { [oauth.allowInsecureRequests]: true },
  )
  expect(await response.json()).toMatchObject({ error: 'interaction_required' })
})

test('X-018 the issuer of a JARM response is the JWT’s own', async () => {
  const { params } = await authorizeDirectly(relyingParty(op.issuer), { response_mode: 'jwt' })
  expect(Object.keys(params)).toEqual(['response'])
  expect(decodeJwt(String(params.response)).iss).toBe(op.issuer)
})
