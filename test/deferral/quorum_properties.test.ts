import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decision, JsonObject, Vote } from '../../lib/deferral/deferral.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { beyond } from '../../lib/deferral/json.js'
import { assertNarrower, beyondDetails, type Narrowing } from '../../lib/deferral/narrow.js'
import { combine } from '../../lib/deferral/quorum.js'
import { at } from '../store/new_deferral.js'

const scopes = ['openid', 'email', 'payments', 'offline_access']
const resources = ['https://a.example', 'https://b.example', 'https://c.example']
const claimNames = ['email', 'name', 'acr']

const payment = (amount: number, to: string) => ({ type: 'payment', amount, to })
const rules: Narrowing = {
  payment: (requested, granted) =>
    Number(granted.amount) <= Number(requested.amount) && (requested.to === 'any' || requested.to === granted.to),
}

const asked: JsonObject[] = [
  payment(10, 'any'),
  payment(10, 'any'),
  payment(20, 'shop'),
  { type: 'account', actions: ['read'] },
  { type: 'account', actions: ['list'] },
]
const request = {
  profile: 'oauth',
  scope: scopes,
  resource: resources,
  authorizationDetails: asked,
  claims: { id_token: { email: null, name: null, acr: { essential: true } }, userinfo: { email: null } },
} as object as DeferralRecord

/** Requested entries, in any order, each as it is, narrowed, or left out. */
const details: fc.Arbitrary<JsonObject[]> = fc
  .tuple(
    fc.shuffledSubarray(asked.map((_, index) => index)),
    fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 5, maxLength: 5 }),
  )
  .chain(([places, amounts]) =>
    fc
      .array(fc.constantFrom('any', 'shop', 'bank'), { minLength: places.length, maxLength: places.length })
      .map((payees) => places.map((place, nth) => narrowed(asked[place]!, amounts[nth]!, payees[nth]!))),
  )

function narrowed(entry: JsonObject, amount: number, payee: string): JsonObject {
  if (entry.type !== 'payment') return entry
  return payment(Math.min(amount, Number(entry.amount)), entry.to === 'any' ? payee : String(entry.to))
}

const claims = fc.record(
  {
    id_token: fc
      .subarray(claimNames)
      .map((names) => Object.fromEntries(names.map((name) => [name, name === 'acr' ? { essential: true } : null]))),
    userinfo: fc.constantFrom({}, { email: null }),
  },
  { requiredKeys: [] },
)

const grant: fc.Arbitrary<Decision> = fc.record(
  {
    scope: fc.shuffledSubarray(scopes),
    resource: fc.shuffledSubarray(resources),
    authorizationDetails: details,
    claims,
    until: fc.integer({ min: 10, max: 90 }).map(at),
    note: fc.constantFrom('one', 'two'),
    acr: fc.constant('high'),
  },
  { requiredKeys: [] },
)

/** What people grant who may each grant this. */
const grants = fc.array(grant, { minLength: 1, maxLength: 5 }).filter((all) => all.every(isNarrower))

function isNarrower(decision: Decision): boolean {
  try {
    assertNarrower(request, decision, rules)
    return true
  } catch {
    return false
  }
}

/** What they grant together; `undefined` if it is refused. */
function together(all: Decision[]): Decision | undefined {
  const votes = all.map((decision, nth): Vote => ({ by: `person ${nth}`, at: at(nth), ...decision }))
  try {
    return combine(request, votes, rules)
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return undefined
  }
}

/** The names of the members in which one decision grants more than another one; absent members are as requested. */
function wider(one: Decision, other: Decision): string[] {
  const names: string[] = []
  const check = (name: string, is: boolean) => is && names.push(name)
  const all = <K extends 'scope' | 'resource'>(name: K, of: Decision) => of[name] ?? request[name]
  check('scope', beyond(all('scope', one), all('scope', other)).length > 0)
  check('resource', beyond(all('resource', one), all('resource', other)).length > 0)
  check(
    'details',
    beyondDetails(one.authorizationDetails ?? asked, other.authorizationDetails ?? asked, rules).length > 0,
  )
  const pairs = ({ claims: of = request.claims ?? {} }: Decision) =>
    Object.entries(of).flatMap(([target, members]) =>
      Object.entries(members ?? {}).map(([name]) => `${target}.${name}`),
    )
  check('claims', beyond(pairs(one), pairs(other)).length > 0)
  check('until', other.until !== undefined && !(one.until && one.until <= other.until))
  return names
}

test('what votes grant together is wider than none of them, and not wider than the request', () => {
  let combinations = 0
  fc.assert(
    fc.property(grants, (all) => {
      const decision = together(all)
      if (!decision) return
      combinations++
      expect(isNarrower(decision)).toBe(true)
      for (const one of all) expect(wider(decision, one)).toEqual([])
    }),
    { numRuns: 800 },
  )
  expect(combinations).toBeGreaterThan(100)
})

test('the property finds a combination that takes the first vote for all', () => {
  const naive = fc.property(grants, (all) => {
    if (together(all)) for (const one of all) expect(wider(all[0]!, one)).toEqual([])
  })
  expect(() => fc.assert(naive, { numRuns: 800 })).toThrow('Property failed')
})

test('no scope, resource or claim that all of them grant gets lost, in any order of the votes', () => {
  fc.assert(
    fc.property(grants, (all) => {
      const [decision, other] = [together(all), together([...all].reverse())]
      if (!decision || !other) return
      const inAll = (name: 'scope' | 'resource') =>
        request[name].filter((value) => all.every((one) => (one[name] ?? request[name]).includes(value)))
      for (const name of ['scope', 'resource'] as const)
        for (const one of [decision, other])
          expect([...(one[name] ?? request[name])].sort()).toEqual(inAll(name).sort())
      expect(other.claims).toEqual(decision.claims)
      expect(other.until).toEqual(decision.until)
    }),
    { numRuns: 400 },
  )
})

test('equal votes grant what each of them grants', () => {
  fc.assert(
    fc.property(grants, fc.integer({ min: 2, max: 5 }), ([one], count) => {
      const { by, ...decision } = together(Array.from({ length: count }, () => one!)) as Decision
      expect(wider(decision, one!)).toEqual([])
      expect(wider(one!, decision)).toEqual([])
      expect(decision).toEqual(one)
    }),
    { numRuns: 100 },
  )
})
