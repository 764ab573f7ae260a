import { describe, expect, test } from 'vitest'
import type { Decision, JsonObject, Vote } from '../../lib/deferral/deferral.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import type { Narrowing } from '../../lib/deferral/narrow.js'
import { combine, namesOf } from '../../lib/deferral/quorum.js'
import { at } from '../store/new_deferral.js'

const payment = (amount: number, to = 'any') => ({ type: 'payment', amount, to })
const account = { type: 'account', actions: ['read', 'list'] }
const card = { type: 'card' }

const rules: Narrowing = {
  payment: (requested, granted) =>
    Number(granted.amount) <= Number(requested.amount) && (requested.to === 'any' || requested.to === granted.to),
}

const claims = { id_token: { email: null, acr: { essential: true } }, userinfo: { name: null } }

const request = {
  profile: 'oauth',
  scope: ['openid', 'email', 'payments'],
  resource: ['https://a.example', 'https://b.example'],
  authorizationDetails: [payment(100), payment(1000), account, card],
  claims,
} as object as DeferralRecord

type Grant = Partial<Decision>

/** Combines votes that allow this, cast by one person each. */
function combined(grants: Grant[], { record = request, narrowing = rules } = {}): Decision {
  const votes: Vote[] = grants.map((grant, nth) => ({ by: `person ${nth}`, at: at(nth), ...grant }))
  return combine(record, votes, narrowing)
}

/** What is granted together, without who granted it. */
function granted(grants: Grant[], options = {}): Grant {
  const { by, ...rest } = combined(grants, options)
  return rest
}

describe('what votes grant together', () => {
  const table: [string, Grant[], Grant][] = [
    ['nothing said: as requested', [{}, {}, {}], {}],
    ['one vote alone: what it allows', [{ scope: ['email'], acr: 'high' }], { scope: ['email'], acr: 'high' }],
    ['scope: in all of them', [{ scope: ['openid', 'email'] }, { scope: ['email', 'payments'] }], { scope: ['email'] }],
    ['scope: one narrows, the others say nothing', [{}, { scope: ['email'] }, {}], { scope: ['email'] }],
    ['scope: three of them', [{ scope: ['openid', 'email'] }, {}, { scope: ['openid'] }], { scope: ['openid'] }],
    ['scope: in none, where details are left', [{ scope: ['email'] }, { scope: ['openid'] }], { scope: [] }],
    [
      'resource: in all of them',
      [{ resource: ['https://a.example', 'https://b.example'] }, { resource: ['https://b.example'] }],
      { resource: ['https://b.example'] },
    ],
    [
      'claims: members in all of them',
      [{ claims: { id_token: { email: null, acr: { essential: true } }, userinfo: {} } }, { claims }],
      { claims: { id_token: { email: null, acr: { essential: true } }, userinfo: {} } },
    ],
    [
      'claims: targets in all of them',
      [{ claims: { id_token: { email: null } } }, { claims: { userinfo: { name: null } } }],
      { claims: {} },
    ],
    ['claims: one removes them, one says nothing', [{ claims: {} }, {}], { claims: {} }],
    ['until: the earliest', [{ until: at(90) }, {}, { until: at(60) }, { until: at(70) }], { until: at(60) }],
    ['note: that of the last vote', [{ note: 'one' }, { note: 'two' }], { note: 'two' }],
    ['note: none of an earlier vote', [{ note: 'one' }, {}], {}],
    [
      'acr, amr, authTime: equal',
      [
        { acr: 'high', amr: ['pwd', 'otp'], authTime: 5 },
        { acr: 'high', amr: ['pwd', 'otp'], authTime: 5 },
      ],
      { acr: 'high', amr: ['pwd', 'otp'], authTime: 5 },
    ],
  ]

  test.each(table)('%s', (_case, grants, together) => {
    expect(granted(grants)).toStrictEqual(together)
    const { note, ...others } = granted([...grants].reverse())
    const { note: _, ...rest } = together
    expect(others).toStrictEqual(rest)
  })

  test('all names are in it, each once, in the order of the votes', () => {
    const by = [['robin', 'kim'], 'lee', ['kim', 'robin', 'alex']]
    expect(combined(by.map((names) => ({ by: names }))).by).toEqual(['robin', 'kim', 'lee', 'alex'])
    expect(namesOf('kim')).toEqual(['kim'])
    expect(namesOf(['kim', 'kim'])).toEqual(['kim'])
  })

  test('a claim or a type with the name of an inherited member is nothing special', () => {
    const inherited = { id_token: { toString: null, valueOf: null } } as JsonObject
    const record = { ...request, claims: inherited } as DeferralRecord
    const narrower = { claims: { id_token: { toString: null } } } as Grant
    expect(granted([narrower, { claims: { id_token: {} } }], { record })).toEqual({ claims: { id_token: {} } })
    expect(granted([{ claims: {} }, narrower], { record })).toEqual({ claims: {} })
  })
})

describe('authorization details of several votes', () => {
  const table: [string, JsonObject[][], JsonObject[]][] = [
    [
      'equal ones stay',
      [
        [account, card],
        [card, account],
      ],
      [account, card],
    ],
    ['one that a vote left out is out', [[account, card], [card]], [card]],
    [
      'one that each vote left out another of',
      [
        [payment(100), card],
        [payment(1000), card],
      ],
      [payment(100), card],
    ],
    ['the narrower one stays', [[payment(50)], [payment(70)]], [payment(50)]],
    ['the narrower one in two members stays', [[payment(100)], [payment(70, 'shop')]], [payment(70, 'shop')]],
    [
      'each narrows another one',
      [
        [payment(50), payment(1000)],
        [payment(100), payment(900)],
      ],
      [payment(50), payment(900)],
    ],
    ['an equal one comes before a narrower one', [[payment(50), payment(70)], [payment(70)]], [payment(70)]],
    [
      'a vote left out the small one, the other narrows the large one',
      [[payment(100), payment(900)], [payment(1000)]],
      [payment(900)],
    ],
    ['narrower ones of two requested entries', [[payment(500)], [payment(50), payment(700)]], [payment(500)]],
    [
      'two that cannot be compared, and another one that can',
      [[payment(50, 'shop')], [payment(60, 'bank'), payment(1000)]],
      [payment(50, 'shop')],
    ],
    ['one for one, not one for two', [[payment(50)], [payment(100), payment(1000)]], [payment(50)]],
    ['the narrowest of three', [[payment(50)], [payment(40)], [payment(60)]], [payment(40)]],
    ['empty beats all', [[], [card], [account]], []],
    [
      'different requested entries: each vote left out the other one',
      [[payment(1000, 'shop')], [{ type: 'account', actions: ['read', 'list'] }]],
      [],
    ],
  ]

  test.each(table)('%s', (_case, votes, left) => {
    const grants = votes.map((authorizationDetails) => ({ authorizationDetails }))
    const byContent = (entries: JsonObject[] | undefined) => entries?.map((entry) => JSON.stringify(entry)).sort()
    expect(byContent(granted(grants).authorizationDetails)).toEqual(byContent(left))
    expect(byContent(granted([...grants].reverse()).authorizationDetails)).toEqual(byContent(left))
  })

  test('a vote that says nothing about them leaves what the others say', () => {
    expect(granted([{}, { authorizationDetails: [card] }, {}])).toEqual({ authorizationDetails: [card] })
  })

  test('entries of two requested entries are told apart by the rule: each of them is left out by one vote', () => {
    const own: Narrowing = {
      payment: (asked, one) => asked.to === one.to && Number(one.amount) <= Number(asked.amount),
    }
    const record = { ...request, authorizationDetails: [payment(9, 'a'), payment(9, 'b'), payment(9, 'c')] }
    const grants = [
      { authorizationDetails: [payment(8, 'a'), payment(7, 'b')] },
      { authorizationDetails: [payment(6, 'b'), payment(5, 'c')] },
    ]
    const options = { record: record as DeferralRecord, narrowing: own }
    expect(granted(grants, options)).toEqual({ authorizationDetails: [payment(6, 'b')] })
  })

  const refusal = /^the votes grant entries of type payment that cannot be compared, grant equal entries/

  test('two that narrow one requested entry in different ways are a RangeError', () => {
    const votes = [payment(100, 'shop'), payment(50, 'bank')].map((entry) => ({ authorizationDetails: [entry, card] }))
    expect(() => combined(votes)).toThrow(RangeError)
    expect(() => combined(votes)).toThrow(refusal)
    expect(() => combined([...votes].reverse())).toThrow(refusal)
  })

  test('the last vote may be narrower than two that cannot be compared with each other', () => {
    const votes = [payment(100, 'shop'), payment(70), payment(60, 'shop')]
    expect(granted(votes.map((entry) => ({ authorizationDetails: [entry] })))).toEqual({
      authorizationDetails: [payment(60, 'shop')],
    })
  })

  test('without a rule a different entry of the same type is left out, and no RangeError', () => {
    const votes = [
      [account, payment(100)],
      [account, payment(1000)],
    ].map((entries) => ({ authorizationDetails: entries }))
    expect(granted(votes, { narrowing: {} })).toEqual({ authorizationDetails: [account] })
  })

  test('a rule that is no order widens nothing: what it would let pass is a RangeError', () => {
    // stone, scissors, paper: each of them within the next one
    const names = ['stone', 'scissors', 'paper']
    const circle: Narrowing = {
      hand: ({ is: wider }, { is }) =>
        wider === 'all' || (names.indexOf(String(is)) + 1) % 3 === names.indexOf(String(wider)),
    }
    const hand = (is: string) => ({ type: 'hand', is })
    const record = { ...request, authorizationDetails: [hand('all')] } as DeferralRecord
    const votes = ['stone', 'scissors', 'paper'].map((is) => ({ authorizationDetails: [hand(is)] }))
    expect(granted(votes.slice(0, 2), { record, narrowing: circle })).toEqual({ authorizationDetails: [hand('stone')] })
    expect(() => combined(votes, { record, narrowing: circle })).toThrow(/entries of type hand that cannot be compared/)
  })

  test('a rule that does not answer with a boolean is a TypeError', () => {
    const wrong = { payment: () => undefined } as object as Narrowing
    const votes = [payment(50), payment(70)].map((entry) => ({ authorizationDetails: [entry] }))
    expect(() => combined(votes, { narrowing: wrong })).toThrow(/narrow\.payment must return true or false/)
  })

  test('many equal entries are combined without asking the rule, many different ones are a RangeError', () => {
    const many = Array.from({ length: 300 }, (_, nth) => payment(nth))
    const record = { ...request, authorizationDetails: many } as DeferralRecord
    expect(granted([{ authorizationDetails: many }, { authorizationDetails: many }], { record })).toEqual({
      authorizationDetails: many,
    })
    const less = many.map(({ amount }) => payment(amount, 'shop'))
    expect(() => combined([{ authorizationDetails: many }, { authorizationDetails: less }], { record })).toThrow(
      /at most 256 entries/,
    )
  })
})

describe('votes that cannot be combined', () => {
  test.each<[string, Grant, Grant]>([
    ['acr', { acr: 'high' }, { acr: 'low' }],
    ['acr', { acr: 'high' }, {}],
    ['acr', {}, { acr: 'high' }],
    ['amr', { amr: ['pwd', 'otp'] }, { amr: ['pwd'] }],
    ['amr', {}, { amr: ['pwd'] }],
    ['authTime', { authTime: 1 }, { authTime: 2 }],
    ['authTime', { authTime: 0 }, {}],
  ])('%s that differs: %j and %j', (name, one, other) => {
    expect(() => combined([one, other])).toThrow(RangeError)
    expect(() => combined([one, other])).toThrow(`${name} must be equal in all votes`)
    expect(() => combined([one, one, other])).toThrow(`${name} must be equal in all votes`)
  })

  const nothing = 'the votes leave nothing to grant together, withdraw one with unvote, or deny'

  test.each<[string, Grant[]]>([
    ['no scope and no details', [{ scope: ['email'], authorizationDetails: [] }, { scope: ['openid'] }]],
    [
      'no scope, and no details in common',
      [
        { scope: ['email'], authorizationDetails: [card] },
        { scope: ['openid'], authorizationDetails: [account] },
      ],
    ],
    ['no resource', [{ resource: ['https://a.example'] }, { resource: ['https://b.example'] }]],
  ])('nothing left: %s', (_case, grants) => {
    expect(() => combined(grants)).toThrow(RangeError)
    expect(() => combined(grants)).toThrow(nothing)
  })

  test('nothing left of a request without details', () => {
    const { authorizationDetails: _, ...rest } = request
    const record = { ...rest, scope: ['openid', 'email'] } as DeferralRecord
    expect(() => combined([{ scope: ['email'] }, { scope: ['openid'] }], { record })).toThrow(nothing)
  })

  test('a request without scope that nobody narrows is granted as it is', () => {
    const record = { ...request, scope: [], authorizationDetails: undefined } as object as DeferralRecord
    expect(granted([{}, {}], { record })).toEqual({})
  })

  test.each<[string, Grant]>([
    ['scope', { scope: ['email', 'admin'] }],
    ['resource', { resource: ['https://a.example', 'https://c.example'] }],
    ['authorizationDetails', { authorizationDetails: [payment(1001)] }],
    ['claims', { claims: { id_token: { phone_number: null } } }],
  ])('a vote that asks for more than the request: %s', (name, grant) => {
    expect(() => combined([grant])).toThrow(`${name} may only narrow what was requested`)
    expect(() => combined([grant, grant])).toThrow(`${name} may only narrow what was requested`)
  })
})
