import { errors } from 'oidc-provider'
import type { JsonObject } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { observedAdapter } from '../../support/observed.js'
import { useCustomGrants } from './custom_grant_provider.js'
import { assertion, exchangeApproved, exchangeWaiting } from './custom_grants.js'

const host = observedAdapter()
const custom = useCustomGrants(() => true, { adapter: host.adapter })

const serverError = { status: 500, body: { error: 'server_error' } }

type More = Parameters<typeof exchangeWaiting>
const send = (params?: More[1], extras?: More[2], clientId?: More[3]) =>
  exchangeWaiting(custom.op, params, extras, clientId)
const approved = (params?: More[1]) => exchangeApproved(custom.op, params)

describe('I-028 I-032 I-033 what is refused before leaves no deferral, and defer is not asked', () => {
  const refusals: Record<string, [() => Promise<{ status: number; body: { error: string } }>, number, string]> = {
    'an assertion that is none': [() => send({ subject_token: 'x' }), 400, 'invalid_grant'],
    'one that has expired': [
      async () => send({ subject_token: await assertion(custom.op.clock, { exp: 1 }) }),
      400,
      'invalid_grant',
    ],
    'no client authentication': [
      () => send({}, { headers: { authorization: 'Basic c2VjcmV0Ondyb25n' } }),
      401,
      'invalid_client',
    ],
    'a doubled subject_token': [() => send({ subject_token: ['a', 'b'] }), 400, 'invalid_request'],
    'a broken proof': [() => send({}, { headers: { dpop: 'broken' } }), 400, 'invalid_dpop_proof'],
    'a notification token that is none': [() => send({ client_notification_token: 'a b' }), 400, 'invalid_request'],
  }

  test.each(Object.keys(refusals))('%s', async (name) => {
    const [refused, status, error] = refusals[name] as NonNullable<(typeof refusals)[string]>
    const { result, ...outcome } = await added(custom.op, refused)
    expect(result).toMatchObject({ status, body: { error } })
    expect({ asked: custom.observed.asked.length, issued: custom.did.issued, ...outcome }).toEqual({
      asked: 0,
      issued: [],
      new: [],
    })
  })

  test('what is wrong with the assertion comes before what is wrong with the notification token', async () => {
    expect((await send({ subject_token: 'x', client_notification_token: 'a b' })).body.error).toBe('invalid_grant')
  })

  test('an error of the host’s that validate throws is the answer', async () => {
    custom.did.instead.validate = () => {
      throw new errors.InvalidTarget('no such audience')
    }
    expect(await send()).toMatchObject({
      status: 400,
      body: { error: 'invalid_target', error_description: 'no such audience' },
    })
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'alice'],
    ['an array', []],
    ['a Date in it', { at: new Date() }],
    ['a Map in it', { at: new Map() }],
    ['a function in it', { at: () => 1 }],
    ['a bigint in it', { at: 1n }],
    ['NaN in it', { at: Number.NaN }],
    ['an instance of a class in it', { at: new (class {})() }],
    ['a toJSON in it', { at: { toJSON: () => 1 } }],
  ])('a validate that returns %s is server_error, opted in or not', async (_, wrong) => {
    custom.did.instead.validate = () => wrong
    for (const completion_mode of ['deferred', '']) {
      const { result, ...outcome } = await added(custom.op, () => send({ completion_mode }))
      expect(result).toMatchObject(serverError)
      expect({ asked: custom.observed.asked.length, issued: custom.did.issued, ...outcome }).toEqual({
        asked: 0,
        issued: [],
        new: [],
      })
    }
  })

  test('a fault of validate is server_error and tells nothing', async () => {
    custom.did.instead.validate = () => {
      throw new Error('partner.internal is down')
    }
    const answer = await send()
    expect(answer).toMatchObject(serverError)
    expect(JSON.stringify(answer.body)).not.toContain('partner.internal')
  })

  test('a member that is undefined is left out', async () => {
    custom.did.instead.validate = (source) => ({ ...source, scope: undefined }) as unknown as JsonObject
    const { result, new: there } = await added(custom.op, () => send())
    expect(result.body.error).toBe('authorization_pending')
    expect(there).toMatchObject([{ scope: [] }])
  })

  test('duplicates are taken where they are declared, and nowhere else', async () => {
    await send({ audience: ['a', 'b'] })
    expect(custom.did.validated).toMatchObject([{ source: { audience: ['a', 'b'] } }])
  })
})

describe('a fault while it is issued', () => {
  test.each([
    ['of its own', () => new Error('partner.internal is down')],
    ['that looks like a 400', () => Object.assign(new Error('down'), { statusCode: 400, expose: true })],
  ])('%s is server_error, and the approval is redeemable at once', async (_, fault) => {
    const { id, poll } = await approved()
    custom.did.instead.issue = () => {
      throw fault()
    }
    const answer = await poll()
    expect(answer).toMatchObject(serverError)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(await custom.op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    custom.did.instead = {}
    expect(await poll()).toMatchObject({ status: 200 })
  })

  test('after a token was stored: that token is destroyed', async () => {
    const { poll } = await approved({ scope: 'email offline_access' })
    const stored: string[] = []
    custom.op.provider.once('access_token.saved', ({ jti }) => stored.push(jti))
    host.failNext('RefreshToken.upsert')
    expect(await poll()).toMatchObject(serverError)
    expect(stored).toHaveLength(1)
    expect(await custom.op.provider.AccessToken.find(stored[0] as string)).toBeUndefined()
    expect(await poll()).toMatchObject({ status: 200 })
  })

  test('a refusal of its own is the answer, and no token is left', async () => {
    const { poll } = await approved()
    custom.did.instead.issue = () => {
      throw new errors.InvalidTarget('the audience is closed')
    }
    expect((await poll()).status).toBe(400)
    expect((await poll()).body).not.toHaveProperty('access_token')
  })
})
