import { deferredCodeExchange, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deferrals, everyWay } from '../support/authorization.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { authorizationUrl, checks, configurationOf, idOf, redirect, statusOf } from './relying_parties.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    configuration: { features: everyWay },
    deferred: { defer: (_ctx, { scope }) => !scope.has('email') },
  })
})

afterAll(() => op.close())

/** A Configuration that notes what it sends to the token endpoint. */
async function party({ jarm = false } = {}) {
  const config = await configurationOf(op, 'secret')
  const sent: URLSearchParams[] = []
  config[client.customFetch] = (url, options) => {
    if (url.endsWith('/token')) sent.push(new URLSearchParams(String(options.body)))
    return fetch(url, options as RequestInit)
  }
  if (jarm) client.useJwtResponseMode(config)
  return { config, sent }
}

describe.each([
  { mode: 'query', jarm: false },
  { mode: 'form_post', jarm: false },
  { mode: 'jwt', jarm: true },
  { mode: 'form_post.jwt', jarm: true },
])('C14 response_mode $mode', ({ mode, jarm }) => {
  // useJwtResponseMode() sets the mode
  const params = { response_mode: mode }
  const modeOf = (url: URL) => {
    url.searchParams.set('response_mode', mode)
    return url
  }
  const landing = async (config: client.Configuration, more: Record<string, string> = {}) => {
    const url = modeOf(authorizationUrl(config, { ...params, ...more }))
    return redirect(config, Object.fromEntries(url.searchParams))
  }

  test('O-021 O-039 O-040 is exchanged', async () => {
    const { config, sent } = await party({ jarm })
    const deferral = await deferredCodeExchange(config, await landing(config), checks)
    expect(await statusOf(op, deferral)).toBe('pending')
    expect(Object.fromEntries(sent[0]!)).toEqual({
      grant_type: 'urn:openid:params:grant-type:deferred',
      deferred_code: expect.any(String),
      code_verifier: checks.pkceCodeVerifier,
      redirect_uri: 'https://rp.example/cb',
    })
  })

  test('O-035 O-036 an error is that of openid-client, and nothing is sent', async () => {
    const { config, sent } = await party({ jarm })
    const currentUrl = await landing(config, { prompt: 'none' })
    const exchanged = deferredCodeExchange(config, currentUrl, checks)
    await expect(exchanged).rejects.toBeInstanceOf(client.AuthorizationResponseError)
    await expect(exchanged).rejects.toMatchObject({ error: 'login_required' })
    expect(sent).toEqual([])
  })

  test('O-028 another state costs nothing: the same redirect is exchanged afterwards', async () => {
    const { config, sent } = await party({ jarm })
    const currentUrl = await landing(config)
    for (const expectedState of ['another state', undefined]) {
      const { expectedState: _, ...rest } = checks
      const wrong = { ...rest, ...(expectedState !== undefined && { expectedState }) }
      const exchanged = deferredCodeExchange(config, currentUrl, wrong)
      await expect(exchanged).rejects.toBeInstanceOf(client.ClientError)
      await expect(exchanged).rejects.toMatchObject({ code: 'OAUTH_INVALID_RESPONSE' })
    }
    expect(sent).toEqual([])
    const skipped: client.AuthorizationCodeGrantChecks = { ...checks, expectedState: client.skipStateCheck }
    expect(await statusOf(op, await deferredCodeExchange(config, currentUrl, skipped))).toBe('pending')
  })

  test('O-026 a provider that decides at once: NOT_DEFERRED, and authorizationCodeGrant() takes the same', async () => {
    const { config, sent } = await party({ jarm })
    const currentUrl = await landing(config, { response_type: 'code deferred_code', scope: 'openid email' })
    const exchanged = deferredCodeExchange(config, currentUrl, checks)
    await expect(exchanged).rejects.toBeInstanceOf(client.ClientError)
    await expect(exchanged).rejects.toMatchObject({ code: 'NOT_DEFERRED' })
    expect(sent).toEqual([])
    const tokens = await client.authorizationCodeGrant(config, currentUrl, { ...checks })
    expect(tokens.claims()).toMatchObject({ sub: 'alice' })
  })
})

describe('O-024 O-028 a redirect that is wrong', () => {
  const changes: [string, (params: URLSearchParams) => void, string][] = [
    ['another issuer', (params) => params.set('iss', 'https://attacker.example'), 'OAUTH_INVALID_RESPONSE'],
    ['no issuer', (params) => params.delete('iss'), 'OAUTH_INVALID_RESPONSE'],
    ['no state', (params) => params.delete('state'), 'OAUTH_INVALID_RESPONSE'],
    ['both codes', (params) => params.set('code', 'a code'), 'OAUTH_INVALID_RESPONSE'],
    ['neither code', (params) => params.delete('deferred_code'), 'OAUTH_INVALID_RESPONSE'],
    ['two codes', (params) => params.append('deferred_code', 'another'), 'OAUTH_INVALID_RESPONSE'],
    ['a JARM response', (params) => params.set('response', 'a.jwt.'), 'OAUTH_INVALID_RESPONSE'],
  ]

  test.each(changes)('%s: rejected before anything is sent', async (_, change, code) => {
    const { config, sent } = await party()
    const currentUrl = (await redirect(config)) as URL
    const changed = new URL(currentUrl)
    change(changed.searchParams)
    const exchanged = deferredCodeExchange(config, changed, checks)
    await expect(exchanged).rejects.toMatchObject({ name: 'ClientError', code })
    expect(sent).toEqual([])
    expect(await statusOf(op, await deferredCodeExchange(config, currentUrl, checks))).toBe('pending')
  })

  test('a plain response where JARM is configured, and a JWT of somebody else', async () => {
    const { config, sent } = await party({ jarm: true })
    const plain = (await redirect((await party()).config)) as URL
    const foreign = new URL('https://rp.example/cb?response=eyJhbGciOiJub25lIn0.e30.')
    for (const currentUrl of [plain, foreign]) {
      await expect(deferredCodeExchange(config, currentUrl, checks)).rejects.toBeInstanceOf(client.ClientError)
    }
    expect(sent).toEqual([])
  })

  test('nothing that has a URL is a TypeError, as of openid-client', async () => {
    const { config } = await party()
    const exchanged = deferredCodeExchange(config, 'https://rp.example/cb' as never, checks)
    await expect(exchanged).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
  })
})

test('O-080 the verifier, and a redirect URI of the caller', async () => {
  const { config, sent } = await party()
  const before = (await deferrals(op)).length
  const wrong = { ...checks, pkceCodeVerifier: `${checks.pkceCodeVerifier}-` }
  await expect(deferredCodeExchange(config, await redirect(config), wrong)).rejects.toMatchObject({
    error: 'invalid_grant',
  })
  const redirectUri = 'https://rp.example/cb?with=query'
  const refused = deferredCodeExchange(config, await redirect(config), checks, { redirect_uri: redirectUri })
  await expect(refused).rejects.toBeInstanceOf(client.ResponseBodyError)
  expect(sent.at(-1)?.get('redirect_uri')).toBe(redirectUri)
  expect((await deferrals(op)).length).toBe(before + 2)
})

test('the fragment and the rest of a redirect do not matter, and its Request stays readable', async () => {
  const { config } = await party()
  const currentUrl = (await redirect(config)) as URL
  currentUrl.hash = 'fragment'
  const request = new Request(currentUrl)
  const deferral = await deferredCodeExchange(config, request, checks)
  expect(request.bodyUsed).toBe(false)
  await op.provider.deferrals.approve(idOf(deferral))
  expect((await wait(config, deferral)).claims()).toMatchObject({ sub: 'alice' })
})
