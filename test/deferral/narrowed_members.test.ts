import type { Decision } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { narrowedMembers } from '../../lib/deferral/narrow.js'
import * as to from '../../lib/deferral/transitions.js'
import { at } from '../store/new_deferral.js'
import { reached } from './states.js'

const claims = { id_token: { email: null, name: { essential: true } } }
const [payment, consent] = [{ type: 'payment', amount: 10 }, { type: 'consent' }]
const request = {
  scope: ['openid', 'email'],
  resource: ['https://a.example', 'https://b.example'],
  authorizationDetails: [payment, consent],
  claims,
}

describe('what a decision has narrowed', () => {
  test.each<[string[], Decision]>([
    [[], {}],
    [[], { by: 'kim', note: 'fine', acr: '2' }],
    [[], { scope: ['email', 'openid'], resource: request.resource, authorizationDetails: [consent, payment], claims }],
    [[], { claims: { id_token: { name: { essential: true }, email: null } } }],
    [['scope'], { scope: ['openid'] }],
    [['scope'], { scope: [] }],
    [['resource'], { resource: ['https://b.example'] }],
    [['authorizationDetails'], { authorizationDetails: [payment] }],
    [['authorizationDetails'], { authorizationDetails: [{ ...payment, amount: 5 }, consent] }],
    [['claims'], { claims: { id_token: { email: null } } }],
    [['claims'], { claims: {} }],
    [['until'], { until: at(100) }],
    [['scope', 'until'], { scope: ['openid'], until: at(100) }],
  ])('%j', (names, decision) => {
    const record = reached([], request)
    expect(narrowedMembers(record, decision)).toEqual(names)
    const { entry } = to.decide('approved', decision)(record, at(2))!
    expect(entry?.narrowed).toEqual(names.length ? names : undefined)
    expect(entry).not.toHaveProperty('scope')
  })

  test('is nothing where nothing was requested', () => {
    const { claims, authorizationDetails, ...plain } = reached([])
    expect(narrowedMembers(plain, { claims: {}, authorizationDetails: [] })).toEqual([])
  })
})
