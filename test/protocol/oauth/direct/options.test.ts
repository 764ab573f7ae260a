import { Provider } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { clientsWith } from '../../../support/authorization.js'
import { withDirect } from '../../../support/direct.js'
import { withProvider } from '../../../support/provider.js'
import { discoveryOf } from '../../../support/serve.js'

const issuer = 'http://op.example'

const discovery = (profiles?: object) =>
  discoveryOf(new Provider(issuer, { features: { deferredTokenResponse: profiles ? { profiles } : {} } }))

test('X-001 X-002 discovery names direct deferral exactly while it is on', async () => {
  const on = JSON.parse(await discovery({ oauth: { direct: true } }))
  expect(on).toMatchObject({
    deferred_authorization_endpoint_supported: true,
    authorization_response_iss_parameter_supported: true,
  })
  const { deferred_authorization_endpoint_supported: _added, ...others } = on
  expect(others).toEqual(JSON.parse(await discovery()))
})

test.each([
  [{ oauth: {} }],
  [{ oauth: { direct: false, interactionPending: false } }],
  [{ openid: true, oauth: true }],
])('X-003 with %j discovery is the same, byte for byte', async (profiles) => {
  expect(await discovery(profiles)).toBe(await discovery())
})

test.each([
  [{ oauth: 1 }, 'profiles.oauth must be true, false or an object'],
  [{ oauth: { direkt: true } }, 'profiles.oauth.direkt is not an option, use one of direct, interactionPending'],
  [{ oauth: { direct: 'yes' } }, 'profiles.oauth.direct must be true, false or an object'],
  [{ oauth: { direct: { optIn: 'always' } } }, 'profiles.oauth.direct.optIn must be one of explicit, hint'],
  [{ oauth: { direct: { publicClients: 1 } } }, 'profiles.oauth.direct.publicClients must be true or false'],
  [
    { oauth: { direct: { responseModes: ['fragment'] } } },
    'profiles.oauth.direct.responseModes[0] must be one of query, form_post, query.jwt, form_post.jwt',
  ],
  [
    { oauth: { direct: { onVerifierMismatch: 'warn' } } },
    'profiles.oauth.direct.onVerifierMismatch must be one of end, refuse',
  ],
  [{ oauth: { interactionPending: 'on' } }, 'profiles.oauth.interactionPending must be true or false'],
])('X-003 %j is a TypeError with the path', (profiles, message) => {
  const options = { deferredTokenResponse: { profiles: profiles as object } }
  expect(() => new Provider(issuer, { features: options })).toThrow(
    new TypeError(`features.deferredTokenResponse.${message}`),
  )
})

test('X-006 the metadata deferred_direct is true or false', async () => {
  const clients = clientsWith('secret', { deferred_direct: 'yes' as never })
  await expect(
    withProvider(withDirect(true, { configuration: { clients } }), async (op) => {
      await op.provider.Client.find('secret')
    }),
  ).rejects.toThrow('invalid_client_metadata')
})
