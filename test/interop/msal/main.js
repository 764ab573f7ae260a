// MSAL for Node. The loop is that of acquireTokenByDeviceCode. A network client of our own translates its requests.
import { ProtocolMode, PublicClientApplication } from '@azure/msal-node'

const openidGrant = 'urn:openid:params:grant-type:deferred'
const oauthGrant = 'urn:ietf:params:oauth:grant-type:deferred'
const { TOKEN_ENDPOINT, CLIENT_ID, CLIENT_SECRET, DEFERRED_CODE } = process.env
const [, , mode] = process.argv

/** MSAL asks for a device code: make the first request instead. It polls: send the handle instead of the device code. */
const networkClient = {
  async sendPostRequestAsync(url, { body }) {
    if (url.includes('/devicecode')) return mode === 'openid' ? exchange() : ask()
    const handle = new URLSearchParams(body).get('device_code')
    const poll =
      mode === 'openid'
        ? { grant_type: openidGrant, deferred_auth_id: handle }
        : { grant_type: oauthGrant, deferral_code: handle }
    const answer = await post(poll)
    // until Retry-After is over MSAL throws instead of sending, and its loop does not wait for that
    if (mode !== 'retry-after') delete answer.headers['retry-after']
    return answer
  },
  sendGetRequestAsync: (url) => Promise.reject(new Error(`not expected: ${url}`)),
}

async function exchange() {
  const { body } = await post({ grant_type: openidGrant, deferred_code: DEFERRED_CODE })
  return deviceAnswer(body.deferred_auth_id, body)
}

async function ask() {
  const { body } = await post({ grant_type: 'client_credentials', completion_mode: 'deferred' })
  return deviceAnswer(body.deferral_code, body)
}

/** In the form that MSAL expects. Its loop never learns another interval than this one. */
function deviceAnswer(handle, { expires_in }) {
  const members = { device_code: handle, user_code: 'none', verification_uri: 'none', expires_in, interval: 1 }
  return { status: 200, headers: {}, body: members }
}

/** MSAL has no client secret in this loop, so this adds it. */
async function post(parameters) {
  const response = await fetch(TOKEN_ENDPOINT, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams(parameters),
  })
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.json() }
}

// never called, and https, as MSAL demands; with the metadata at hand it does not look for more
const authority = 'https://op.example'
const endpoints = ['authorization', 'token', 'end_session']
const metadata = Object.fromEntries(endpoints.map((name) => [`${name}_endpoint`, `${authority}/${name}`]))
const application = new PublicClientApplication({
  auth: {
    clientId: CLIENT_ID,
    authority,
    knownAuthorities: ['op.example'],
    authorityMetadata: JSON.stringify({ issuer: authority, jwks_uri: `${authority}/jwks`, ...metadata }),
  },
  system: { networkClient, protocolMode: ProtocolMode.OIDC },
})

try {
  const result = await application.acquireTokenByDeviceCode({ scopes: ['openid'], deviceCodeCallback() {} })
  console.log(result.accessToken ? 'tokens' : 'no access token')
} catch (error) {
  console.log(error.errorMessage || error.message)
}
