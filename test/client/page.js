// What a single-page application does: a public client with a DPoP key, whose page is loaded again and again.
import { deferrableCodeGrant, deferredCodeExchange, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'

const { issuer } = document.documentElement.dataset
const redirectUri = `${location.origin}/cb`
const execute = [client.allowInsecureRequests]

try {
  const config = await client.discovery(new URL(issuer), 'spa', {}, client.None(), { execute })
  const DPoP = client.getDPoPHandle(config, await key())
  const profile = new URLSearchParams(location.search).get('profile')
  if (profile) await start(config, profile)
  else await goOn(config, await deferralOf(config, { DPoP }), { DPoP })
} catch (error) {
  document.title = `failed: ${error}`
  throw error
}

async function start(config, profile) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  }
  sessionStorage.setItem('started', JSON.stringify({ profile, checks }))
  const url = client.buildAuthorizationUrl(config, {
    response_type: profile === 'openid' ? 'deferred_code' : 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  location.assign(url)
}

/** Of this redirect, or the one that was saved. */
async function deferralOf(config, options) {
  const saved = localStorage.getItem('deferral')
  if (saved) return JSON.parse(saved)
  const { profile, checks } = JSON.parse(sessionStorage.getItem('started'))
  const url = new URL(location.href)
  const deferral =
    profile === 'openid'
      ? await deferredCodeExchange(config, url, checks, {}, options)
      : (await deferrableCodeGrant(config, url, checks, {}, options)).deferral
  localStorage.setItem('deferral', JSON.stringify(deferral))
  return deferral
}

async function goOn(config, deferral, options) {
  const polls = Number(sessionStorage.getItem('loads') ?? 0) + 1
  sessionStorage.setItem('loads', polls)
  const onPending = () => {
    document.title = `pending, load ${polls}`
  }
  const tokens = await wait(config, deferral, { ...options, onPending })
  document.title = `${tokens.token_type}: ${tokens.claims().sub}`
}

/** The key of this browser: it cannot be read, and stays in IndexedDB. */
async function key() {
  const database = await result(indexedDB.open('keys'), (request) => request.result.createObjectStore('keys'))
  const store = (mode) => database.transaction('keys', mode).objectStore('keys')
  const saved = await result(store('readonly').get('dpop'))
  if (saved) return saved
  const pair = await client.randomDPoPKeyPair()
  await result(store('readwrite').put(pair, 'dpop'))
  return pair
}

function result(request, onUpgrade) {
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => onUpgrade(request)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
