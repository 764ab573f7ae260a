import { describe, expect, test } from 'vitest'
import type { Granted, JsonObject } from '../../lib/deferral/deferral.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { assertNarrower } from '../../lib/deferral/narrow.js'
import { narrow } from '../../lib/host/grants/narrowed_source.js'

const payment = { type: 'payment', amount: { value: 10, currency: 'EUR' }, to: ['a', 'b'] }
const account = { type: 'account' }

const requested = {
  scope: ['openid', 'email', 'payments'],
  resource: ['https://a.example', 'https://b.example'],
  authorizationDetails: [payment, account] as JsonObject[],
  claims: { id_token: { email: { essential: true }, name: null }, userinfo: { phone_number: null } } as JsonObject,
} as DeferralRecord

const source: JsonObject = {
  clientId: 'client',
  scope: 'openid email payments',
  resource: ['https://a.example', 'https://b.example'],
  rar: [payment, account],
  claims: { id_token: { email: null, name: null } },
  acr: '1',
  amr: ['pwd'],
  authTime: 100,
  something: 'a later host adds',
}

describe('E-32 a decision that asks for no more than the request is accepted', () => {
  test.each<[string, Granted]>([
    ['nothing at all said', {}],
    ['the same scopes', { scope: ['openid', 'email', 'payments'] }],
    ['fewer scopes, another order', { scope: ['payments', 'openid'] }],
    ['one resource', { resource: ['https://b.example'] }],
    ['no resource', { resource: [] }],
    ['one whole entry of the details', { authorizationDetails: [account] }],
    [
      'an equal copy of an entry, members in another order',
      {
        authorizationDetails: [{ to: ['a', 'b'], amount: { currency: 'EUR', value: 10 }, type: 'payment' }],
      },
    ],
    ['no scope but details', { scope: [], authorizationDetails: [account] }],
    ['no scope, the details untouched', { scope: [] }],
    ['claims with members removed', { claims: { id_token: { email: { essential: true } } } }],
    ['no claims', { claims: {} }],
    ['a target without members', { claims: { id_token: null } }],
    ['acr, amr and auth_time of a later verification', { acr: 'high', amr: ['face'], authTime: 1 }],
  ])('%s', (_case, granted) => {
    expect(() => assertNarrower(requested, granted, {})).not.toThrow()
  })
})

describe('E-32 a decision that asks for more is a RangeError', () => {
  test.each<[string, Granted, RegExp]>([
    ['a scope', { scope: ['openid', 'admin'] }, /scope.*"admin"/],
    ['a resource', { resource: ['https://c.example'] }, /resource/],
    ['an entry of the details', { authorizationDetails: [{ type: 'other' }] }, /authorizationDetails/],
    ['an entry with a member more', { authorizationDetails: [{ ...account, all: true }] }, /authorizationDetails/],
    [
      'an entry with a member changed',
      {
        authorizationDetails: [{ ...payment, amount: { value: 11, currency: 'EUR' } }],
      },
      /authorizationDetails/,
    ],
    [
      'an entry with a member removed, which may mean more',
      {
        authorizationDetails: [{ type: 'payment' }],
      },
      /authorizationDetails/,
    ],
    ['a claim', { claims: { id_token: { address: null } } }, /claims.*id_token\.address/],
    ['a claim moved to the other target', { claims: { userinfo: { email: { essential: true } } } }, /claims/],
    ['a claim with its constraint taken away', { claims: { id_token: { email: null } } }, /claims/],
    ['a claim named like a member of every object', { claims: { id_token: { constructor: null } } }, /claims/],
    ['another target', { claims: { introspection: { email: null } } }, /claims/],
  ])('%s', (_case, granted, message) => {
    const attempt = () => assertNarrower(requested, granted, {})
    expect(attempt).toThrow(RangeError)
    expect(attempt).toThrow(message)
  })

  test('nothing left to grant: use deny', () => {
    expect(() => assertNarrower(requested, { scope: [], authorizationDetails: [] }, {})).toThrow(RangeError)
    const { authorizationDetails, claims, ...plain } = requested
    expect(() => assertNarrower(plain as DeferralRecord, { scope: [] }, {})).toThrow(/deny/)
    expect(() => assertNarrower(plain as DeferralRecord, { claims: {} }, {})).not.toThrow()
  })
})

describe('C-I14 what the host mints from', () => {
  test.each<[string, Granted, JsonObject]>([
    ['nothing narrowed', {}, {}],
    ['scope', { scope: ['openid', 'email'] }, { scope: 'openid email' }],
    [
      'one resource is a string, as the host keeps it',
      { resource: ['https://a.example'] },
      { resource: 'https://a.example' },
    ],
    ['two resources are an array', { resource: ['https://a.example', 'https://b.example'] }, {}],
    ['details', { authorizationDetails: [account] }, { rar: [account] }],
    ['claims', { claims: {} }, { claims: { id_token: {} } }],
    ['acr, amr, auth_time', { acr: '2', amr: ['face'], authTime: 200 }, { acr: '2', amr: ['face'], authTime: 200 }],
  ])('%s', (_case, granted, difference) => {
    const before = structuredClone(source)
    expect(narrow({ ...requested, source }, granted)).toEqual({ ...source, ...difference })
    expect(source).toEqual(before)
  })

  test('no resource leaves no member behind', () => {
    expect(narrow({ ...requested, source }, { resource: [] })).not.toHaveProperty('resource')
  })

  test('what the host asked for by itself, on account of max_age and acr_values, stays', () => {
    const hosts = { auth_time: { essential: true }, acr: { values: ['high'] } }
    const claims = { id_token: { email: null, ...hosts }, userinfo: { email: null } }
    const asked = { id_token: { email: null }, userinfo: { email: null } }
    expect(
      narrow({ claims: asked, source: { ...source, claims } }, { claims: { userinfo: { email: null } } }),
    ).toMatchObject({
      claims: { id_token: hosts, userinfo: { email: null } },
    })
  })

  test('a claim that the client did not ask for stays, and so do those of max_age and acr_values if it did', () => {
    const asked = { id_token: { acr: null, auth_time: null }, userinfo: { acr: null, auth_time: null } }
    const claims = { id_token: { ...asked.id_token, name: null }, userinfo: { acr: null, email: null }, other: null }
    expect(narrow({ claims: asked, source: { claims } }, { claims: {} })).toEqual({
      claims: { id_token: claims.id_token, userinfo: { email: null }, other: {} },
    })
    expect(narrow({ source: {} }, { claims: {} })).toEqual({ claims: {} })
  })

  test('the same detail twice is more than once', () => {
    expect(() => assertNarrower(requested, { authorizationDetails: [account, account] }, {})).toThrow(RangeError)
    expect(() => assertNarrower(requested, { resource: ['https://a.example', 'https://a.example'] }, {})).toThrow(
      RangeError,
    )
  })
})
