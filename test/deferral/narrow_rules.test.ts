import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../lib/deferral/deferral.js'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { assertNarrower, beyondDetails, detailsLeft, type Narrowing } from '../../lib/deferral/narrow.js'

const payment = (amount: number) => ({ type: 'payment', amount })
const account = { type: 'account', actions: ['read', 'list'] }
const rules: Narrowing = { payment: (requested, granted) => Number(granted.amount) <= Number(requested.amount) }

const requested = (details: JsonObject[]) =>
  ({ profile: 'oauth', scope: ['openid'], resource: [], authorizationDetails: details }) as unknown as DeferralRecord

describe('E-32 details against rules of their types', () => {
  const asked = [payment(10), payment(100), account]

  test.each<[string, JsonObject[], JsonObject[]]>([
    ['nothing', [], []],
    ['everything', asked, []],
    ['everything in another order', [...asked].reverse(), []],
    ['less of one', [payment(99)], []],
    ['less of both, the larger one first', [payment(99), payment(9)], []],
    ['less of both, the smaller one first', [payment(9), payment(99)], []],
    ['both within the larger one only', [payment(50), payment(60)], [payment(60)]],
    ['three of two', [payment(1), payment(2), payment(3)], [payment(3)]],
    ['more than any', [payment(101)], [payment(101)]],
    [
      'a type without a rule, less of it',
      [{ type: 'account', actions: ['read'] }],
      [{ type: 'account', actions: ['read'] }],
    ],
    ['a type nobody asked for', [{ type: 'toString' }], [{ type: 'toString' }]],
    ['no type', [{ amount: 1 }], [{ amount: 1 }]],
    ['a type that is no text', [{ type: 5, amount: 1 }], [{ type: 5, amount: 1 }]],
  ])('%s', (_case, granted, beyond) => {
    expect(beyondDetails(granted, asked, rules)).toEqual(beyond)
    const attempt = () => assertNarrower(requested(asked), { scope: ['openid'], authorizationDetails: granted }, rules)
    if (beyond.length) expect(attempt).toThrow(RangeError)
    else expect(attempt).not.toThrow()
  })

  test('an assignment that needs everybody to move is found', () => {
    const chain = [1, 2, 3, 4, 5, 6, 7, 8].map(payment)
    // each of these fits all entries from its own on; taken greedily the first would take the last one's place
    expect(beyondDetails([...chain].reverse(), chain, rules)).toEqual([])
    expect(beyondDetails(chain, [...chain].reverse(), rules)).toEqual([])
  })

  test('a hundred entries against a hundred do not take for ever', () => {
    const hundred = Array.from({ length: 100 }, (_, nth) => payment(nth))
    const started = performance.now()
    expect(
      beyondDetails(
        hundred.map(({ amount }) => payment(amount + 1)),
        hundred,
        rules,
      ),
    ).toHaveLength(1)
    // milliseconds; trying every assignment would not end within a lifetime
    expect(performance.now() - started).toBeLessThan(60_000)
  })

  test.each(['__proto__', 'constructor', 'toString'])('a type named %s finds no rule by accident', (type) => {
    expect(beyondDetails([{ type, amount: 1 }], [{ type, amount: 2 }], rules)).toHaveLength(1)
  })

  test('a rule is not asked about equal entries, nor about other types', () => {
    const seen: string[] = []
    const watching: Narrowing = {
      payment: ({ type }) => {
        seen.push(String(type))
        return false
      },
    }
    expect(beyondDetails([payment(10)], [payment(10)], watching)).toEqual([])
    expect(beyondDetails([{ type: 'other' }], [account], watching)).toHaveLength(1)
    expect(seen).toEqual([])
  })

  test('a rule that changes its arguments changes neither what was asked for nor what is granted', () => {
    const greedy: Narrowing = {
      payment(one, other) {
        const answer = Number(other.amount) <= Number(one.amount)
        one.amount = 1_000_000
        other.amount = 0
        return answer
      },
    }
    const [mine, theirs] = [
      [payment(5), payment(2_000)],
      [payment(10), payment(100)],
    ]
    expect(beyondDetails(mine, theirs, greedy)).toEqual([payment(2_000)])
    expect([mine, theirs]).toEqual([
      [payment(5), payment(2_000)],
      [payment(10), payment(100)],
    ])
  })

  test.each([1, 'true', undefined, null, {}, Promise.resolve(true)])(
    'a rule that answers %p is a TypeError',
    (answer) => {
      expect(() => beyondDetails([payment(5)], [payment(10)], { payment: () => answer as never })).toThrow(
        /^features\.deferredTokenResponse\.narrow\.payment must return true or false$/,
      )
    },
  )

  test('an async rule that rejects is the same TypeError, and nothing is left unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const rule = (async () => Promise.reject(new Error('no connection'))) as never
    expect(() => beyondDetails([payment(5)], [payment(10)], { payment: rule })).toThrow(/must return true or false$/)
    // the event comes after all microtasks
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  test('what a rule throws comes through', () => {
    const fails = () => {
      throw new Error('no idea')
    }
    expect(() => beyondDetails([payment(5)], [payment(10)], { payment: fails })).toThrow('no idea')
  })
})

describe('oauth: nothing to grant', () => {
  const asked = { ...requested([account]), resource: ['https://a.example'] } as DeferralRecord

  test('no resource of those asked for would mean the default one: use deny', () => {
    expect(() => assertNarrower(asked, { resource: [] }, {})).toThrow(RangeError)
    expect(() => assertNarrower({ ...asked, resource: [] }, { resource: [] }, {})).not.toThrow()
    expect(() => assertNarrower({ ...asked, profile: 'openid' }, { resource: [] }, {})).not.toThrow()
    const both = ['https://a.example', 'https://b.example']
    for (const one of both)
      expect(() => assertNarrower({ ...asked, resource: both }, { resource: [one] }, {})).not.toThrow()
    // the code has both, the token request asks for one
    const beside = { ...asked, resource: both, requestedResource: ['https://a.example'] }
    expect(() => assertNarrower(beside, { resource: ['https://b.example'] }, {})).toThrow(/deny/)
  })

  test('no scope is a grant as long as there are details', () => {
    expect(() => assertNarrower(asked, { scope: [] }, {})).not.toThrow()
    expect(() => assertNarrower(asked, { scope: [], authorizationDetails: [] }, {})).toThrow(RangeError)
  })
})

describe('what is left of the details a token request asks for', () => {
  test.each<[string, JsonObject[], JsonObject[], JsonObject[]]>([
    ['all of it where all was granted', [payment(100)], [payment(10), payment(100), account], [payment(100)]],
    ['less of it where less was granted', [payment(100)], [payment(50)], [payment(50)]],
    ['what it asks for where more was granted', [payment(10)], [payment(50)], [payment(10)]],
    ['nothing where something else was granted', [payment(10)], [account], []],
    ['nothing twice', [payment(5), payment(10)], [payment(7)], [payment(5)]],
    ['an entry that is granted once, once', [payment(10), payment(20)], [payment(10)], [payment(10)]],
  ])('is %s', (_case, asked, granted, left) => {
    expect(detailsLeft(asked, granted, rules)).toEqual(left)
  })
})
