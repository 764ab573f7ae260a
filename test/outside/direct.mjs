/* A plain OAuth client on oauth4webapi that is deferred at the authorization endpoint. */
import * as oauth from 'oauth4webapi'
import { signIn } from './browser.mjs'
import { check } from './checks.mjs'

const grant = 'urn:ietf:params:oauth:grant-type:deferred'
const client = { client_id: 'shop' }
const auth = oauth.ClientSecretBasic('secret')
const insecure = { [oauth.allowInsecureRequests]: true }

/** Plays an approval, a denial and wrong polls. */
export async function direct({ issuer, provider }) {
  const url = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure))
  check('discovery names direct deferral', server.deferred_authorization_endpoint_supported === true)

  async function begin() {
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
    const target = new URL(server.authorization_endpoint)
    target.search = new URLSearchParams({
      client_id: 'shop',
      response_type: 'code',
      redirect_uri: 'https://shop.example/cb',
      scope: 'reports',
      state,
      completion_mode: 'deferred deferred_direct',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString()
    const arrived = await signIn(target, 'alice')
    const parameters = oauth.validateAuthResponse(server, client, arrived, state)
    check('the redirect has a deferral_code and no code', parameters.has('deferral_code') && !parameters.has('code'))
    check('and its times', Number(parameters.get('expires_in')) > 0 && parameters.get('interval') === '1')
    const [id] = [parameters.get('deferral_code').slice(0, 22)]
    return { id, verifier, deferral_code: parameters.get('deferral_code') }
  }
  async function poll(parameters) {
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const response = await oauth.genericTokenEndpointRequest(server, client, auth, grant, parameters, insecure)
    check('no cache may store the answer', /no-store/.test(response.headers.get('cache-control')))
    return response.json()
  }

  const { id, verifier, deferral_code } = await begin()
  const listed = async () => (await provider.deferrals.list()).deferrals.some((deferral) => deferral.id === id)
  check('nobody has to decide before the first poll', !(await listed()))
  const first = await poll({ deferral_code, code_verifier: verifier })
  check('the first poll is pending', first.error === 'authorization_pending', first.error)
  check('then it is in the queue', await listed())
  await provider.deferrals.approve(id, { by: 'robin' })
  const tokens = await poll({ deferral_code })
  check('the approval leads to tokens', tokens.scope === 'reports' && tokens.access_token, tokens.error)
  check('the handle is used up', (await poll({ deferral_code })).error === 'invalid_grant')

  const other = await begin()
  const bare = await poll({ deferral_code: other.deferral_code })
  check('a first poll without a verifier is refused', bare.error !== 'authorization_pending' && bare.error, bare.error)
  const wrong = { deferral_code: other.deferral_code, code_verifier: oauth.generateRandomCodeVerifier() }
  const swapped = await poll(wrong)
  check('a wrong verifier is refused', swapped.error === 'invalid_grant', swapped.error)
}
