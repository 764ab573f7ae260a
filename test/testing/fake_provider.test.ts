import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { decodeProtectedHeader } from 'jose'
import { notificationReceiver } from 'oidc-provider-deferred/client'
import { type FakeProvider, fakeProvider, recordingReceiver } from 'oidc-provider-deferred/testing'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'

const polls = {
  openid: ['urn:openid:params:grant-type:deferred', 'deferred_auth_id'],
  oauth: ['urn:ietf:params:oauth:grant-type:deferred', 'deferral_code'],
} as const

function discovered({ issuer, client: { client_id, client_secret } }: FakeProvider): Promise<client.Configuration> {
  return client.discovery(new URL(issuer), client_id, client_secret, client.ClientSecretPost(client_secret), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  })
}

async function post(op: FakeProvider, path: string, params: Record<string, string>) {
  const { client_id, client_secret } = op.client
  const headers = { authorization: `Basic ${btoa(`${client_id}:${encodeURIComponent(client_secret)}`)}` }
  const response = await fetch(op.issuer + path, { method: 'POST', headers, body: new URLSearchParams(params) })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

/** Polls until something but a pending answer comes, a second later each time; resolves to all answers. */
async function pollOut(op: FakeProvider, profile: keyof typeof polls, handle: string) {
  const [grant_type, name] = polls[profile]
  const answers: string[] = []
  for (;;) {
    const { status, body } = await post(op, '/token', { grant_type, [name]: handle })
    answers.push(status === 200 ? 'tokens' : String(body.error))
    if (answers.at(-1) !== 'authorization_pending') return { answers, body }
    op.clock.advance(1)
  }
}

const request = (op: FakeProvider, more: Record<string, string>) =>
  `${op.issuer}/auth?${new URLSearchParams({
    client_id: op.client.client_id,
    redirect_uri: op.client.redirect_uris[0] as string,
    scope: 'openid',
    state: 'a state',
    ...more,
  })}`

describe('fakeProvider', () => {
  test('a relying party goes through the openid profile', async () => {
    await using op = await fakeProvider()
    const redirect = await op.authorize(request(op, { response_type: 'deferred_code', nonce: 'a nonce' }))
    expect(redirect.href).toMatch(/^https:\/\/rp\.example\/callback\?/)
    expect(redirect.searchParams.get('state')).toBe('a state')
    const deferred_code = redirect.searchParams.get('deferred_code') as string
    const exchange = { grant_type: polls.openid[0], deferred_code, redirect_uri: 'https://rp.example/callback' }
    const { body } = await post(op, '/token', exchange)
    expect(body).toMatchObject({ interval: 1 })
    const { answers, body: tokens } = await pollOut(op, 'openid', body.deferred_auth_id as string)
    expect(answers).toEqual(['authorization_pending', 'tokens'])
    expect(decodeProtectedHeader(tokens.id_token as string)).toEqual({ alg: 'ES256', kid: 'fake' })
  })

  test('openid-client discovers it, takes its ID Tokens and goes through the oauth profile', async () => {
    await using op = await fakeProvider({ accountId: 'alice', script: [{ progress: { step: 'checked' } }, 'approve'] })
    const config = await discovered(op)
    const code_challenge_method = 'S256'
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const code_challenge = await client.calculatePKCECodeChallenge(pkceCodeVerifier)
    const redirect = await op.authorize(
      client.buildAuthorizationUrl(config, {
        redirect_uri: 'https://rp.example/callback',
        scope: 'openid payments',
        completion_mode: 'deferred',
        code_challenge,
        code_challenge_method,
      }),
    )
    const started = client.authorizationCodeGrant(
      config,
      redirect,
      { pkceCodeVerifier },
      { completion_mode: 'deferred' },
    )
    const { cause } = (await started.catch((error) => error)) as client.ResponseBodyError
    const [grantType, name] = polls.oauth
    const ask = () => client.genericGrantRequest(config, grantType, { [name]: String(cause.deferral_code) })
    const pending = (await ask().catch((error) => error)) as client.ResponseBodyError
    expect(pending.cause).toMatchObject({ error: 'authorization_pending', progress: { step: 'checked' } })
    expect((await ask()).claims()?.sub).toBe('alice')
  })

  test('a deferral that takes days expires at once', async () => {
    await using op = await fakeProvider({ script: 'wait' })
    const started = await post(op, '/token', { grant_type: 'client_credentials', completion_mode: 'deferred' })
    op.clock.advance(Number(started.body.expires_in))
    const { answers } = await pollOut(op, 'oauth', started.body.deferral_code as string)
    expect(answers).toEqual(['expired_token'])
  })

  test('a reviewer decides by hand', async () => {
    await using op = await fakeProvider({ script: 'wait' })
    const { body } = await post(op, '/token', { grant_type: 'client_credentials', completion_mode: 'deferred' })
    expect(await op.reviewer.approveAll()).toHaveLength(1)
    expect((await pollOut(op, 'oauth', body.deferral_code as string)).answers).toEqual(['tokens'])
  })

  test('notifies the client', async () => {
    const notified: string[] = []
    const answer = notificationReceiver({
      find: () => ({ notificationToken: 'token' }),
      onNotified: (handle) => notified.push(handle),
    })
    await using receiver = await recordingReceiver({ answer })
    await using op = await fakeProvider({ receiver, script: 'wait' })
    const parameters = { completion_mode: 'deferred', client_notification_token: 'token' }
    const { body } = await post(op, '/token', { grant_type: 'client_credentials', ...parameters })
    await op.reviewer.denyAll()
    const [notification] = await receiver.waitFor(1)
    expect(notification).toMatchObject({ handle: body.deferral_code, token: 'token' })
  })

  test('client, clients, configuration, options and port are the test’s', async () => {
    const other = { client_id: 'other', client_secret: 'secret', redirect_uris: ['https://other.example/'] }
    await using free = await fakeProvider()
    const port = Number(new URL(free.issuer).port)
    await free.close()
    await using op = await fakeProvider({
      port,
      client: { client_id: 'bank', redirect_uris: ['http://localhost:3000/callback'] },
      configuration: { clients: [other], features: { introspection: { enabled: true } }, scopes: ['openid', 'more'] },
      deferred: { interval: 7, ttl: { deferral: 60 } },
    })
    expect(op.issuer).toBe(`http://127.0.0.1:${port}`)
    const redirect = await op.authorize(request(op, { response_type: 'deferred_code', scope: 'openid more' }))
    expect(redirect.origin).toBe('http://localhost:3000')
    const { body } = await post(op, '/token', { grant_type: 'client_credentials', completion_mode: 'deferred' })
    expect(body).toMatchObject({ interval: 7, expires_in: 60 })
    expect(await op.provider.Client.find('other')).toBeDefined()
    const metadata = await (await fetch(`${op.issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).toMatchObject({
      introspection_endpoint: expect.any(String),
      scopes_supported: ['openid', 'offline_access', 'more'],
    })
  })

  test('authorize rejects where the provider shows a page, and says what is on it', async () => {
    await using op = await fakeProvider()
    const wrong = request(op, { response_type: 'deferred_code', redirect_uri: 'https://evil.example' })
    await expect(op.authorize(wrong)).rejects.toThrow(/the provider answered 400: .*redirect_uri/s)
  })

  test('close may be called twice, and nothing runs on', async () => {
    const op = await fakeProvider()
    await op.close()
    await op.close()
    await expect(fetch(op.issuer)).rejects.toThrow(TypeError)
  })
})

/** Runs a module of its own; resolves to what it prints. */
function run(code: string): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8', timeout: 300_000 })
}

test('it starts with less than a second of computing in a process that does nothing else, warns of nothing of ours, and lets it end', () => {
  const code = `
    const { fakeProvider } = await import('oidc-provider-deferred/testing')
    const [before, begun] = [process.cpuUsage(), performance.now()]
    const op = await fakeProvider()
    const { user, system } = process.cpuUsage(before)
    const waited = performance.now() - begun
    await op.close()
    console.log(JSON.stringify({ computed: (user + system) / 1000, waited }))`
  const { stdout, stderr, status } = run(code)
  expect([status, stderr.match(/deferredTokenResponse|in-memory adapter|cookies\.keys/)]).toEqual([0, null])
  // nor does the host complain of what is not set
  const { computed, waited } = JSON.parse(stdout)
  expect(computed).toBeLessThan(1000)
  // others may have the processor meanwhile
  expect(waited).toBeLessThan(30_000)
})

test.each([
  ['{ deferred: { interval: 0 } }', /^features\.deferredTokenResponse\.interval must be /],
  ["{ script: ['wait', 'aprove'] }", /^script: a step is one of /],
  ["{ scripts: 'deny' }", /^fakeProvider: scripts is not an option, use one of script, accountId, /],
  [
    "{ script: { deny: { descripton: 'No' } } }",
    /^deny: descripton is not an option, use one of by, note, description/,
  ],
])('a wrong option rejects, and lets the process end: %s', (options, message) => {
  const code = `
    const { fakeProvider } = await import('oidc-provider-deferred/testing')
    await fakeProvider(${options}).then((op) => op.close(), ({ message }) => console.log(message))`
  const { stdout, status } = run(code)
  expect([status, stdout]).toEqual([0, expect.stringMatching(message)])
})

test('./testing pulls no test runner', () => {
  const code = `
    await import('oidc-provider-deferred/testing')
    console.log(JSON.stringify(process.moduleLoadList.filter((name) => /internal\\/test_runner|NativeModule test$/.test(name))))`
  expect(JSON.parse(run(code).stdout)).toEqual([])
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(Object.keys(dependencies).sort()).toEqual(['@types/oidc-provider', 'helmet', 'ipaddr.js', 'jose', 'undici'])
})
