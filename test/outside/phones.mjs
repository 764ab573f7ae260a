/* A shop on openid-client whose end-users are asked on their phone: by the provider, or because the shop sends its handle. */
import * as client from 'openid-client'
import { signIn } from './browser.mjs'
import { check, until } from './checks.mjs'

const deferred = 'urn:ietf:params:oauth:grant-type:deferred'
const redirect_uri = 'https://shop.example/cb'

/** Plays both directions, and refusals. */
export async function phones({ issuer }, phone) {
  const config = await client.discovery(new URL(issuer), 'shop', 'secret', client.ClientSecretBasic('secret'), {
    execute: [client.allowInsecureRequests],
  })

  /** Signs in, and redeems the code with the offer to wait. Resolves to the deferral code. */
  async function wait(scope) {
    const verifier = client.randomPKCECodeVerifier()
    const code_challenge = await client.calculatePKCECodeChallenge(verifier)
    const parameters = { redirect_uri, scope, code_challenge, code_challenge_method: 'S256', state: 's' }
    const url = await signIn(client.buildAuthorizationUrl(config, parameters), 'alice')
    const checks = { pkceCodeVerifier: verifier, expectedState: 's' }
    const answer = await client
      .authorizationCodeGrant(config, url, checks, { completion_mode: 'deferred' })
      .catch((e) => e)
    check('the shop waits', answer.error === 'authorization_pending', answer.error ?? answer.message)
    return answer.cause.deferral_code
  }
  const poll = async (deferral_code) => {
    await new Promise((resolve) => setTimeout(resolve, 1100))
    return client.genericGrantRequest(config, deferred, { deferral_code }).catch((error) => error)
  }
  const question = (count) => until(() => phone.questions[count])

  const reached = await wait('openid phone_call')
  const asked = await question(0)
  check('R: the phone of the end-user is asked', asked.accountId === 'alice', asked.accountId)
  const before = await poll(reached)
  check('R: the poll is pending', before.error === 'authorization_pending', before.error)
  check('R: the answer of the phone is taken', (await phone.answer(asked, true)) === 204)
  const tokens = await poll(reached)
  check('R: there are tokens', tokens.token_type === 'bearer' && tokens.scope === 'openid phone_call', tokens.error)
  check('R: the ID Token names the end-user', tokens.claims?.()?.sub === 'alice')

  const refused = await wait('openid phone_call')
  await phone.answer(await question(1), false)
  check('R: a refusal denies', (await poll(refused)).error === 'access_denied')

  const handle = await wait('openid reports')
  const begun = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint_token: handle })
  check('E: the handle is a hint', typeof begun.auth_req_id === 'string' && begun.auth_req_id !== handle)
  const hinted = await question(2)
  check('E: the phone learns no handle', !JSON.stringify(hinted).includes(handle))
  const pending = await poll(handle)
  check('E: the deferral is pending', pending.error === 'authorization_pending', pending.error)
  await phone.answer(hinted, true)
  const granted = await client.pollBackchannelAuthenticationGrant(config, begun).catch((error) => error)
  check('E: the poll of CIBA gets tokens', granted.scope === 'openid reports', granted.error ?? granted.message)
  check('E: the ID Token names the end-user', granted.claims?.()?.sub === 'alice')
  check('E: the other handle is used up', (await poll(handle)).error === 'invalid_grant')

  const stranger = await client
    .initiateBackchannelAuthentication(config, { scope: 'openid', login_hint_token: 'A'.repeat(65) })
    .catch((error) => error)
  check('E: an unknown handle is unknown_user_id', stranger.error === 'unknown_user_id', stranger.error)
  const wide = await wait('openid reports')
  const wider = await client
    .initiateBackchannelAuthentication(config, { scope: 'openid payments', login_hint_token: wide })
    .catch((error) => error)
  check('E: a wider request is refused', wider.error === 'invalid_request', wider.error)
}
