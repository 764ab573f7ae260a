import { DeferralDenied, DeferralExpired, DeferralGone, poll, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import { cutAnswer, failure, granted, page, pending, scripted, scriptedDeferral } from './scripted.js'

/* docs/reference/errors.md, "Answers to a poll", and what is not in that table. */
const answers = { status: 400, headers: { 'retry-after': '7' } }

describe('a poll resolves to', () => {
  const uri = 'https://op.example/confirm'
  const progress = { step: 'review', position: 2 }
  test.each([
    ['authorization_pending', {}, { status: 'pending', retryAfter: 7 }],
    ['authorization_pending', { progress }, { status: 'pending', retryAfter: 7, progress }],
    ['authorization_pending', { progress: { step: 5 } }, { status: 'pending', retryAfter: 7 }],
    ['authorization_pending', { progress: 'half' }, { status: 'pending', retryAfter: 7 }],
    ['interaction_required', {}, { status: 'interaction_required', retryAfter: 7 }],
    ['interaction_pending', {}, { status: 'interaction_pending', retryAfter: 7 }],
    [
      'interaction_required',
      { interaction_uri: uri, progress },
      { status: 'interaction_required', retryAfter: 7, interactionUri: uri, progress },
    ],
    ['slow_down', {}, { status: 'slow_down', retryAfter: 7 }],
  ])('O-067 O-071 O-072 I-070 I-071 I-073 %s %j', async (error, members, expected) => {
    const { config } = scripted(() => failure(error, { ...answers, ...members }))
    expect(await poll(config, scriptedDeferral())).toEqual(expected)
  })

  test.each([
    ['authorization_pending', 5],
    ['interaction_required', 5],
    ['interaction_pending', 5],
    ['slow_down', 10],
  ])('%s without Retry-After: the interval', async (error, retryAfter) => {
    const { config } = scripted(() => failure(error))
    expect(await poll(config, scriptedDeferral())).toMatchObject({ retryAfter })
  })

  test('granted', async () => {
    const { config } = scripted(granted)
    const answer = await poll(config, scriptedDeferral())
    expect(answer).toMatchObject({ status: 'granted', tokens: { access_token: 'a token', token_type: 'bearer' } })
  })
})

describe.each([
  ['poll', poll],
  ['wait', wait],
])('%s rejects with', (_, call) => {
  test.each([
    ['access_denied', { reason: 'zu jung' }, DeferralDenied, { reason: 'zu jung', name: 'DeferralDenied' }],
    ['access_denied', { error_description: 'too young' }, DeferralDenied, { reason: 'too young' }],
    ['access_denied', {}, DeferralDenied, { reason: undefined }],
    ['expired_token', {}, DeferralExpired, { name: 'DeferralExpired' }],
    ['invalid_grant', {}, DeferralGone, { name: 'DeferralGone', answerLost: false }],
  ])('O-073 O-074 O-076 I-074 I-075 I-076 %s %j', async (error, members, type, expected) => {
    const { config, polls } = scripted(() => failure(error, members))
    const called = call(config, scriptedDeferral())
    await expect(called).rejects.toBeInstanceOf(type)
    await expect(called).rejects.toMatchObject({ ...expected, cause: { error } })
    expect(polls).toHaveLength(1)
  })

  test.each([
    ['invalid_request', 400],
    ['invalid_dpop_proof', 400],
    ['unauthorized_client', 400],
    ['invalid_client', 401],
    ['unsupported_grant_type', 400],
    ['an_error_of_the_future', 400],
  ])(
    'I-083 the error of openid-client: %s is no decision, and nothing that a next poll mends',
    async (error, status) => {
      const { config, polls } = scripted(() => failure(error, { status }))
      const called = call(config, scriptedDeferral())
      await expect(called).rejects.toBeInstanceOf(client.ResponseBodyError)
      await expect(called).rejects.toMatchObject({ error, status })
      expect(polls).toHaveLength(1)
    },
  )

  test('the error of openid-client: a challenge of client authentication', async () => {
    const headers = { 'www-authenticate': 'Basic realm="op"' }
    const { config } = scripted(() => failure('invalid_client', { status: 401, headers }))
    await expect(call(config, scriptedDeferral())).rejects.toBeInstanceOf(client.WWWAuthenticateChallengeError)
  })

  test.each([
    ['issuer', { issuer: 'https://other.example' }],
    ['client', { clientId: 'other' }],
    ['key', { jkt: 'a thumbprint' }],
    ['profile', { profile: 'saml' as never }],
  ])('a TypeError, before anything is sent, where the %s is another one', async (_what, change) => {
    const { config, polls } = scripted(() => pending())
    const called = call(config, scriptedDeferral(change))
    await expect(called).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    expect(polls).toEqual([])
  })

  test('another key, and what is no key', async () => {
    const { config, polls } = scripted(() => pending())
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
    const deferral = scriptedDeferral({ jkt: 'a thumbprint' })
    await expect(call(config, deferral, { DPoP })).rejects.toThrow(/options\.DPoP/)
    await expect(call(config, scriptedDeferral(), { DPoP: {} as never })).rejects.toThrow(TypeError)
    expect(polls).toEqual([])
  })
})

describe('a poll rejects, as openid-client does, with what decides nothing', () => {
  test.each([
    ['an HTML 502', () => page(502)],
    ['an HTML 404', () => page(404)],
    ['a redirect', () => page(302)],
    ['a 503', () => failure('server_error', { status: 503 })],
    ['a 429', () => failure('too_many', { status: 429 })],
    ['an answer that was cut', cutAnswer],
    ['a network that fails', () => new TypeError('fetch failed')],
    ['a fetch of the caller that fails', () => new Error('ECONNRESET')],
  ])('%s', async (_, answer) => {
    const { config } = scripted(answer)
    const error = await poll(config, scriptedDeferral()).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(Error)
    for (const type of [DeferralDenied, DeferralExpired, DeferralGone]) expect(error).not.toBeInstanceOf(type)
  })
})
