import { cancel, type Deferral, deferrable, deferredCodeExchange, poll, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import { failure, pending, scripted, scriptedDeferral } from './scripted.js'

describe.each([
  ['poll', poll],
  ['wait', wait],
  ['cancel', cancel],
])('%s: a deferral that was not stored as it was is a TypeError before anything is sent', (_, call) => {
  const rejected = async (deferral: unknown, message: RegExp) => {
    const { config, polls } = scripted(() => pending())
    const called = call(config, deferral as Deferral)
    await expect(called).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    await expect(called).rejects.toThrow(message)
    expect(polls).toEqual([])
  }

  test.each([undefined, null, 'a handle', 5])('%j', (deferral) => rejected(deferral, /deferral must be/))

  test.each(['profile', 'handle', 'issuer', 'clientId', 'interval', 'expiresAt'])('without %s', async (name) => {
    const { [name as 'handle']: _handle, ...others } = scriptedDeferral()
    await rejected(others, new RegExp(`deferral\\.${name} must be`))
  })

  test.each<[string, unknown]>([
    ['profile', ['oauth']],
    ['profile', 'constructor'],
    ['handle', ''],
    ['handle', { $ne: '' }],
    ['interval', '5'],
    ['interval', 0],
    ['interval', -5],
    ['interval', Number.POSITIVE_INFINITY],
    ['expiresAt', '2026-01-01T00:00:00Z'],
    ['expiresAt', null],
    ['nonce', null],
    ['nonce', 5],
    ['subject', null],
    ['authTimeAfter', null],
    ['authTimeAfter', '5'],
    ['idTokenExpected', 'no'],
    ['jkt', null],
  ])('with %s %j', (name, value) =>
    rejected({ ...scriptedDeferral(), [name]: value }, new RegExp(`deferral\\.${name} must be`)),
  )

  test('the message does not have the handle', async () => {
    const { config } = scripted(() => pending())
    const error = await call(config, { ...scriptedDeferral(), nonce: null } as never).catch((thrown) => thrown)
    expect(String(error)).not.toContain('a handle')
  })
})

test('members that this version does not have are no obstacle', async () => {
  const { config } = scripted(() => pending())
  expect(await poll(config, { ...scriptedDeferral(), rowId: 7, __proto__: null } as Deferral)).toMatchObject({
    status: 'pending',
  })
})

describe('what would make a deferral that cannot be stored is a TypeError before anything is sent', () => {
  const deferred = { deferral_code: 'a handle', expires_in: 60, interval: 5 }
  const wrong: [string, client.AuthorizationCodeGrantChecks, object, client.ClientMetadata | undefined][] = [
    ['a maximum age that is no number', { maxAge: Number.NaN }, {}, undefined],
    ['a maximum age that is text', { maxAge: '60' as never }, {}, undefined],
    ['a negative maximum age', { maxAge: -1 }, {}, undefined],
    ['a nonce that is no text', { expectedNonce: 5 as never }, {}, undefined],
    ['a nonce that is null', { expectedNonce: null as never }, {}, undefined],
    ['a notification token that is no text', {}, { notificationToken: 5 }, undefined],
  ]

  test.each(wrong)('%s', async (_, given, options) => {
    const { config, polls } = scripted(() => failure('authorization_pending', deferred))
    const grant = (parameters: Record<string, string>) => client.clientCredentialsGrant(config, parameters)
    const redirect = new URL('https://rp.example/cb?deferred_code=a-code&state=s')
    for (const begun of [
      deferrable(config, grant, { checks: given, ...options }),
      deferredCodeExchange(config, redirect, { expectedState: 's', ...given }, {}, options),
    ]) {
      await expect(begun).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    }
    expect(polls).toEqual([])
  })

  test('an interval that JSON cannot have is that of the draft', async () => {
    const body = '{"error":"authorization_pending","deferral_code":"a handle","expires_in":60,"interval":1e999}'
    const json = { status: 400, headers: { 'content-type': 'application/json' } }
    const { config } = scripted(() => new Response(body, json))
    const { deferral } = await deferrable(config, (parameters) => client.clientCredentialsGrant(config, parameters))
    expect(deferral).toMatchObject({ interval: 5 })
  })
})

describe('an error has no handle and no token', () => {
  const textOf = (error: unknown) =>
    JSON.stringify(error, (_, value) =>
      value instanceof Error ? { ...value, cause: value.cause, message: value.message } : value,
    )

  test('where a deferred response has no expiry', async () => {
    const { config } = scripted(() => failure('authorization_pending', { deferral_code: 'a-handle' }))
    const begun = deferrable(config, (parameters) => client.clientCredentialsGrant(config, parameters))
    const error = await begun.catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'OAUTH_INVALID_RESPONSE', message: expect.stringContaining('expires_in') })
    expect(textOf(error)).not.toContain('a-handle')
  })

  test('where an ID Token is missing', async () => {
    const tokens = { access_token: 'an-access-token', refresh_token: 'a-refresh-token', token_type: 'Bearer' }
    const { config } = scripted(() => Response.json(tokens))
    const error = await poll(config, scriptedDeferral({ nonce: 'a nonce' })).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'OAUTH_INVALID_RESPONSE', message: expect.stringContaining('ID Token') })
    expect(textOf(error)).not.toMatch(/an-access-token|a-refresh-token/)
  })
})
