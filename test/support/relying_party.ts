import { createHash, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { assertionKey, clients, grantType, redirectUri } from './clients.js'

/** One answer of the provider. */
export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: wire content, every test asserts on the members it cares about
  body: any
}

/** A DPoP key, and proofs by it. */
export interface DpopKey {
  jkt: string
  proof(url: string, claims?: Record<string, unknown>): Promise<string>
}

export async function dpopKey(): Promise<DpopKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  return {
    jkt: await calculateJwkThumbprint(jwk),
    proof: (url, claims = {}) =>
      new SignJWT({
        htm: 'POST',
        htu: url,
        jti: randomBytes(16).toString('hex'),
        iat: Math.floor(Date.now() / 1000),
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey),
  }
}

/** What a request of the client may carry beside its parameters. */
export interface Extras {
  dpop?: DpopKey | undefined
  headers?: Record<string, string>
  json?: boolean
}

/** The client side of the flow; every call is one HTTP request, so that tests say what is on the wire. */
export interface RelyingParty {
  clientId: string
  key: DpopKey | undefined
  authorizationUrl(params?: Params): string
  token(params: Params, extras?: Extras): Promise<Answer>
  exchange(deferredCode: string, params?: Params, extras?: Extras): Promise<Answer>
  poll(deferredAuthId: string, params?: Params, extras?: Extras): Promise<Answer>
  cancel(deferredAuthId: string | undefined, params?: Params, extras?: Extras): Promise<Answer>
  post(path: string, params: Params, extras?: Extras): Promise<Answer>
}

type Params = Record<string, string | string[] | undefined>

export const codeVerifier = 'a-code-verifier-that-is-at-least-43-characters-long'
export const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')

/** A client of the test provider: `secret`, `other`, `public` (with a DPoP key) or `assertion`. */
export function relyingParty(issuer: string, clientId = 'secret', key?: DpopKey): RelyingParty {
  const pkce = clientId === 'public'
  const rp: RelyingParty = {
    clientId,
    key,
    authorizationUrl(params = {}) {
      const all = {
        client_id: clientId,
        response_type: 'deferred_code',
        redirect_uri: redirectUri,
        scope: 'openid',
        state: 'a state',
        ...(pkce && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
        ...params,
      }
      return `${issuer}/auth?${form(all)}`
    },
    token: (params, extras) => rp.post('/token', params, extras),
    exchange: (deferredCode, params, extras) =>
      rp.token(
        { grant_type: grantType, deferred_code: deferredCode, ...(pkce && { code_verifier: codeVerifier }), ...params },
        extras,
      ),
    poll: (deferredAuthId, params, extras) =>
      rp.token({ grant_type: grantType, deferred_auth_id: deferredAuthId, ...params }, extras),
    cancel: (deferredAuthId, params, extras) =>
      rp.post('/deferred/cancel', { deferred_auth_id: deferredAuthId, ...params }, extras),
    async post(path, params, extras = {}) {
      const url = issuer + path
      const { headers, body } = await authenticated(clientId, issuer, params)
      const dpop = 'dpop' in extras ? extras.dpop : key
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': extras.json ? 'application/json' : 'application/x-www-form-urlencoded',
          ...headers,
          ...(dpop && { dpop: await dpop.proof(url) }),
          ...extras.headers,
        },
        body: extras.json ? JSON.stringify(body) : form(body).toString(),
      })
      return answer(response)
    },
  }
  return rp
}

export async function answer(response: Response): Promise<Answer> {
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json')
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
}

export async function clientAssertion(
  issuer: string,
  claims: Record<string, unknown> = {},
  header: Record<string, string> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const all = {
    iss: 'assertion',
    sub: 'assertion',
    aud: issuer,
    jti: randomBytes(16).toString('hex'),
    iat: now,
    exp: now + 60,
    ...claims,
  }
  return new SignJWT(all)
    .setProtectedHeader({ alg: 'ES256', kid: 'assertion', ...header })
    .sign(await importJWK(assertionKey.private as never, 'ES256'))
}

async function authenticated(
  clientId: string,
  issuer: string,
  params: Params,
): Promise<{ headers: Record<string, string>; body: Params }> {
  const secret = clients.find((client) => client.client_id === clientId)?.client_secret
  if (secret) {
    const credentials = [clientId, secret].map(encodeURIComponent).join(':')
    return { headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }, body: params }
  }
  if (clientId !== 'assertion') return { headers: {}, body: { client_id: clientId, ...params } }
  const assertion = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await clientAssertion(issuer),
  }
  return { headers: {}, body: { ...assertion, ...params } }
}

function form(params: Params): URLSearchParams {
  const pairs = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
  return new URLSearchParams(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** What a token request may say, and a poll must not. */
export const requestOnly: [name: string, value: string | string[]][] = [
  ['scope', 'openid email'],
  ['resource', 'https://api.example'],
  ['resource', ['https://api.example', 'https://b.example']],
  ['authorization_details', '[{"type":"payment"}]'],
  ['claims', '{"id_token":{"email":null}}'],
  ['redirect_uri', 'https://rp.example/other'],
  ['code_verifier', codeVerifier],
  ['completion_mode', 'deferred'],
]
