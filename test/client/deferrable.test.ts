import { deferrable, deferrableCodeGrant, poll, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProvider, type TestProvider } from '../support/provider.js'
import { checks, configurationOf, idOf, redirect, reloaded } from './relying_parties.js'

let op: TestProvider
const uri = 'https://op.example/confirm'

beforeAll(async () => {
  op = await startProvider({
    deferred: {
      now: undefined as never,
      defer: (_ctx, { scope }) => {
        if (scope.has('email')) return { interaction: { uri } }
        return scope.has('payments')
      },
    },
  })
})

afterAll(() => op.close())

const credentials = (config: client.Configuration, scope?: string) => (parameters: Record<string, string>) =>
  client.clientCredentialsGrant(config, { ...(scope !== undefined && { scope }), ...parameters })

test('I-022 tokens at once are tokens, and there is no deferral', async () => {
  const config = await configurationOf(op, 'secret')
  const { tokens, deferral } = await deferrable(config, credentials(config))
  expect(tokens).toMatchObject({ token_type: 'bearer', access_token: expect.any(String) })
  expect(deferral).toBeUndefined()
  const currentUrl = await redirect(config, { response_type: 'code' })
  const signedIn = await deferrableCodeGrant(config, currentUrl, checks)
  expect(signedIn.tokens?.claims()).toMatchObject({ sub: 'alice' })
})

test('I-036 I-038 I-043 I-044 a deferral says what is needed to poll, and nothing else', async () => {
  const config = await configurationOf(op, 'secret')
  const now = Date.now() / 1000
  const { tokens, deferral } = await deferrable(config, credentials(config, 'payments'))
  expect(tokens).toBeUndefined()
  expect(reloaded(deferral!)).toEqual({
    profile: 'oauth',
    handle: expect.any(String),
    issuer: op.issuer,
    clientId: 'secret',
    interval: 5,
    expiresAt: expect.any(Number),
  })
  expect(Math.abs(deferral!.expiresAt - now - 86_400)).toBeLessThan(60)
})

test('I-046 I-071 interaction_required at once has a link, and so have polls', async () => {
  const config = await configurationOf(op, 'secret')
  const currentUrl = await redirect(config, { response_type: 'code', scope: 'openid email' })
  const { deferral } = await deferrableCodeGrant(config, currentUrl, checks)
  expect(deferral).toMatchObject({ interactionUri: uri, nonce: 'a nonce' })
  expect(await poll(config, deferral!)).toEqual({ status: 'interaction_required', retryAfter: 5, interactionUri: uri })
  await op.provider.deferrals.approve(idOf(deferral!))
  expect((await wait(config, deferral!)).claims()).toMatchObject({ nonce: 'a nonce' })
})

test('I-080 progress reaches the caller', async () => {
  const config = await configurationOf(op, 'secret')
  const { deferral } = await deferrable(config, credentials(config, 'payments'))
  const progress = { step: 'document_review', position: 3, estimate: 1200 }
  await op.provider.deferrals.progress(idOf(deferral!), progress)
  expect(await poll(config, deferral!)).toEqual({ status: 'pending', retryAfter: 5, progress })
})

test('a code grant keeps the parameters of the caller and changes none of its objects', async () => {
  const config = await configurationOf(op, 'secret')
  const currentUrl = await redirect(config, { response_type: 'code', scope: 'openid payments' })
  const sent: URLSearchParams[] = []
  config[client.customFetch] = (url, options) => {
    sent.push(new URLSearchParams(String(options.body)))
    return fetch(url, options as RequestInit)
  }
  const [parameters, given] = [{ mine: 'yes' }, { ...checks, maxAge: 60 }]
  expect(checks).not.toHaveProperty('idTokenExpected')
  const options = { notificationToken: 'a-notification-token' }
  const { deferral } = await deferrableCodeGrant(config, currentUrl, given, parameters, options)
  expect(parameters).toEqual({ mine: 'yes' })
  expect(Object.keys(given)).toEqual([...Object.keys(checks), 'maxAge'])
  expect(Object.fromEntries(sent[0]!)).toMatchObject({
    mine: 'yes',
    completion_mode: 'deferred',
    client_notification_token: 'a-notification-token',
  })
  expect(deferral).toMatchObject({ notificationToken: 'a-notification-token', authTimeAfter: expect.any(Number) })
})

test.each([
  [undefined, 5],
  [0, 5],
  [60, 60],
])('I-044 an interval of %s means %s seconds', async (interval, expected) => {
  const config = await configurationOf(op, 'secret')
  const body = { error: 'authorization_pending', deferral_code: 'a code', expires_in: 60, interval }
  config[client.customFetch] = async () => Response.json(body, { status: 400 })
  expect((await deferrable(config, credentials(config))).deferral?.interval).toBe(expected)
})

test('the maximum age of the metadata of the client counts where the checks have none', async () => {
  const config = await configurationOf(op, 'secret', undefined, { default_max_age: 100 })
  const body = { error: 'authorization_pending', deferral_code: 'a code', expires_in: 60 }
  config[client.customFetch] = async () => Response.json(body, { status: 400 })
  const lifetimes = [{}, { checks: { maxAge: 5 } }].map(async (options) => {
    const { expiresAt, authTimeAfter } = (await deferrable(config, credentials(config), options)).deferral!
    return expiresAt - authTimeAfter!
  })
  expect(await Promise.all(lifetimes)).toEqual([160, 65])
})

test('I-029 an error is that of the grant', async () => {
  const config = await configurationOf(op, 'secret')
  const refused = deferrable(config, (parameters) => client.genericGrantRequest(config, 'unknown', parameters))
  await expect(refused).rejects.toBeInstanceOf(client.ResponseBodyError)
  await expect(refused).rejects.toMatchObject({ error: 'unsupported_grant_type' })
  const thrown = deferrable(config, async () => {
    throw new RangeError('of the caller')
  })
  await expect(thrown).rejects.toThrow(RangeError)
})

test.each([
  ['no handle', { deferral_code: undefined }, client.ResponseBodyError],
  ['a handle that is no text', { deferral_code: 5 }, client.ClientError],
  ['no expiry', { expires_in: undefined }, client.ClientError],
  ['an expiry of 0', { expires_in: 0 }, client.ClientError],
])('a deferred response with %s is an error', async (_, change, error) => {
  const config = await configurationOf(op, 'secret')
  const body = { error: 'authorization_pending', deferral_code: 'a code', expires_in: 60, interval: 5, ...change }
  config[client.customFetch] = async () => Response.json(body, { status: 400 })
  await expect(deferrable(config, credentials(config))).rejects.toBeInstanceOf(error)
})
