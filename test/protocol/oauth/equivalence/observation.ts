import { createHash, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { compactDecrypt, compactVerify, decodeProtectedHeader } from 'jose'
import { jwks } from '../../../support/clients.js'
import type { Answer } from '../../../support/relying_party.js'
import { relyingParty } from '../../../support/relying_party.js'
import type { Party } from './journey.js'
import { decryptionKey, type Subject } from './provider.js'
import { secrets } from './resource_servers.js'

type Members = Record<string, unknown>

/** All that can be learned of an answer of the token endpoint, without what is different every time. */
export interface Observed {
  status: number
  members: Members
  [aspect: string]: unknown
}

/** Looks at every token of an answer, at what it opens, and at what a refresh of it yields. */
export async function observe(op: Subject, rp: Party, answer: Answer, refreshes = 1): Promise<Observed> {
  const { access_token, id_token, refresh_token, ...members } = answer.body as Record<string, string>
  const headers = ['content-type', 'cache-control', 'pragma'].map((name) => answer.headers.get(name))
  const observed: Observed = { status: answer.status, headers, members }
  if (access_token) {
    observed.accessToken = await accessToken(op, access_token)
    observed.introspection = timeless((await introspected(op, access_token)) as Members)
    observed.userinfo = await userinfo(op, rp, access_token, answer.body.token_type)
  }
  if (id_token) observed.idToken = await idToken(id_token, access_token as string)
  if (refresh_token) {
    observed.refreshToken = timeless((await op.adapter('RefreshToken').find(refresh_token)) as Members)
    observed.refreshIntrospection = timeless((await introspected(op, refresh_token)) as Members)
    if (refreshes) observed.refreshed = await observe(op, rp, await refresh(rp, refresh_token), refreshes - 1)
  }
  return observed
}

function refresh(rp: Party, refreshToken: string): Promise<Answer> {
  return rp.token({ grant_type: 'refresh_token', refresh_token: refreshToken }, rp.extras)
}

async function accessToken(op: Subject, value: string): Promise<unknown> {
  if (!value.includes('.')) return timeless((await op.adapter('AccessToken').find(value)) ?? (await machine(op, value)))
  return opened(value)
}

async function machine(op: Subject, value: string): Promise<Members> {
  return (await op.adapter('ClientCredentials').find(value)) as Members
}

async function introspected(op: Subject, token: string): Promise<unknown> {
  return (await relyingParty(op.issuer, 'other').post('/token/introspection', { token })).body
}

async function userinfo(op: Subject, rp: Party, token: string, type: string): Promise<unknown> {
  const url = `${op.issuer}/me`
  const ath = createHash('sha256').update(token).digest('base64url')
  const response = await fetch(url, {
    headers: {
      authorization: `${type} ${token}`,
      ...rp.extras.headers,
      ...(rp.key && { dpop: await rp.key.proof(url, { htm: 'GET', ath }) }),
    },
  })
  const text = await response.text()
  const isJwt = response.headers.get('content-type')?.includes('jwt')
  return { status: response.status, body: isJwt ? await opened(text) : JSON.parse(text) }
}

async function idToken(value: string, access: string): Promise<unknown> {
  const token = await opened(value)
  const { at_hash: hash, ...claims } = token.claims
  const half = createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url')
  return { ...token, claims: { ...claims, ...(hash !== undefined && { at_hash: hash === half }) } }
}

/** Decrypts and verifies: a JWT that does not open is no answer. */
async function opened(jwt: string): Promise<{ headers: object[]; claims: Members }> {
  const header = decodeProtectedHeader(jwt)
  if (header.enc) {
    const { plaintext } = await compactDecrypt(
      jwt,
      header.alg === 'dir' ? createSecretKey(secrets.encryption) : decryptionKey,
    )
    const inner = await opened(Buffer.from(plaintext).toString())
    // a new key pair for every message
    const { epk, ...outer } = header
    return { headers: [outer, ...inner.headers], claims: inner.claims }
  }
  const { payload } = await compactVerify(jwt, keyOf(header))
  return { headers: [header], claims: timeless(JSON.parse(Buffer.from(payload).toString())) }
}

function keyOf({ alg, kid }: { alg?: string; kid?: string }): KeyObject {
  if (alg === 'HS256') return createSecretKey(secrets.signing)
  const key = jwks.keys.find((one) => (one as { kid: string }).kid === kid)
  return createPublicKey({ key: key as never, format: 'jwk' })
}

// lifetimes instead of times, and no ids of single tokens
function timeless({ jti, iat, exp, iiat, ...rest }: Members): Members {
  const from = (time: unknown) => (typeof time === 'number' ? time - (iat as number) : undefined)
  return { ...rest, lifetime: from(exp), sinceFirst: from(iiat), isNamed: jti !== undefined }
}
