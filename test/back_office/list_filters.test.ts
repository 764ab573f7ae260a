import { type DeferralStore, type ListFilter, type ListQuery, memoryStore } from 'oidc-provider-deferred'
import { beforeAll, describe, expect, test } from 'vitest'
import { at } from '../../lib/testing/fixture.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { membersOf, type Office, officeOn, pagesOf } from '../support/office.js'

const assigned = (to: string, until: number) => ({ assignee: { to, at: at(0), until: at(until) } })

/** By name: seconds of the creation, and members; their times count from the creation. */
const rows: Record<string, [created: number, members: object]> = {
  first: [
    0,
    { queue: 'kyc', title: 'Passport of Alice', clientId: 'shop', accountId: 'alice', dueAt: at(50), expiresIn: 500 },
  ],
  second: [
    10,
    { queue: 'kyc', clientId: 'bank', accountId: 'bob', dueAt: at(200), expiresIn: 300, ...assigned('robin', 1000) },
  ],
  third: [
    20,
    {
      profile: 'openid',
      grantType: undefined,
      title: 'passport of Bob',
      clientId: 'bank',
      accountId: 'alice',
      expiresIn: 200,
      ...assigned('kim', 90),
    },
  ],
  approved: [30, { ...membersOf('approved'), queue: 'kyc', clientId: 'shop', dueAt: at(5), expiresIn: 1000 }],
  denied: [40, { ...membersOf('denied'), clientId: 'shop', accountId: undefined, expiresIn: 10 }],
  cancelled: [50, { ...membersOf('cancelled'), queue: '__proto__' }],
  redeemed: [60, { ...membersOf('redeemed'), grantType: 'client_credentials', expiresIn: 10 }],
  lapsed: [70, { queue: 'kyc', title: 'Passport', dueAt: at(1), expiresIn: 10, ...assigned('robin', 1000) }],
  'lapsed approved': [80, { ...membersOf('approved'), expiresIn: 5 }],
}
const all = Object.keys(rows).reverse()

/** Each filter, and the rows that it selects, newest first. */
const filters: [ListFilter, string[]][] = [
  [{}, all],
  [{ status: ['pending', 'denied'] }, ['denied', 'third', 'second', 'first']],
  [{ status: ['pending', 'pending'] }, ['third', 'second', 'first']],
  [{ status: 'expired' }, ['lapsed approved', 'lapsed']],
  [{ status: ['expired', 'approved'] }, ['lapsed approved', 'lapsed', 'approved']],
  [{ status: ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired'] }, all],
  [{ queue: 'kyc' }, ['lapsed', 'approved', 'second', 'first']],
  [{ queue: '__proto__' }, ['cancelled']],
  [{ queue: 'constructor' }, []],
  [{ queue: '' }, []],
  [{ queue: 'kyc', status: 'pending' }, ['second', 'first']],
  [{ assignee: 'robin' }, ['second']],
  [{ assignee: 'kim' }, []],
  [{ assignee: null }, ['third', 'first']],
  [{ assignee: null, queue: 'kyc' }, ['first']],
  [{ assignee: 'robin', status: ['pending'] }, ['second']],
  [{ clientId: 'bank' }, ['third', 'second']],
  [{ accountId: 'alice' }, ['third', 'first']],
  [{ accountId: 'alice', clientId: 'bank' }, ['third']],
  [{ grantType: 'client_credentials' }, ['redeemed']],
  [{ profile: 'openid' }, ['third']],
  [{ profile: 'oauth', status: 'pending' }, ['second', 'first']],
  [{ text: 'pass' }, ['third', 'first']],
  [{ text: 'PASSPORT OF A' }, ['first']],
  [{ text: 'port' }, []],
  [{ text: 'BANK' }, ['third', 'second']],
  [{ text: 'bob' }, ['second']],
  [{ text: '.*' }, []],
  [{ text: '[p]' }, []],
  [{ text: 'x'.repeat(200) }, []],
  [{ text: 'passport', accountId: 'alice', clientId: 'shop' }, ['first']],
  [{ createdAfter: at(70) }, ['lapsed approved', 'lapsed']],
  [{ createdBefore: at(10) }, ['first']],
  [{ createdAfter: at(10), createdBefore: at(30) }, ['third', 'second']],
  [{ createdAfter: at(30), createdBefore: at(30) }, []],
  [{ createdAfter: at(30), createdBefore: at(10) }, []],
  [{ expiresBefore: at(220), status: 'pending' }, []],
  [{ expiresBefore: at(220.001), status: 'pending' }, ['third']],
  [{ expiresBefore: at(85) }, ['lapsed', 'redeemed', 'denied']],
  [{ overdue: true }, ['first']],
  [{ overdue: true, queue: 'kyc' }, ['first']],
  [{ overdue: true, assignee: 'robin' }, []],
  [{ overdue: false }, all],
  [{ overdue: false, status: 'denied' }, ['denied']],
]

const orders: [ListQuery, string[]][] = [
  [{ order: 'newest' }, all],
  [{ order: 'oldest' }, Object.keys(rows)],
  [{ order: 'oldest', status: ['redeemed', 'denied'] }, ['denied', 'redeemed']],
  [{ order: 'due' }, ['first', 'second', 'third']],
  [{ order: 'due', status: 'pending', queue: 'kyc' }, ['first', 'second']],
  [{ order: 'due', text: 'passport' }, ['first', 'third']],
  [{ order: 'expiring' }, ['third', 'second', 'first', 'approved']],
  [{ order: 'expiring', status: 'approved' }, ['approved']],
  [{ order: 'expiring', status: ['approved', 'pending'], queue: 'kyc' }, ['second', 'first', 'approved']],
  [{ order: 'expiring', assignee: null }, ['third', 'first']],
]

const statuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired'] as const
const countedAs = (name: string) => {
  if (name.startsWith('lapsed')) return 'expired'
  return statuses.find((status) => status === name) ?? 'pending'
}

function selects(storeOf: () => DeferralStore): void {
  let office: Office
  const names: Record<string, string> = {}
  const namesOf = (found: { id: string }[]) => found.map(({ id }) => names[id])

  beforeAll(async () => {
    office = await officeOn(storeOf())
    for (const [name, [created, members]] of Object.entries(rows)) {
      names[(await office.insert(members, at(created))).id] = name
    }
    const stranger = await officeOn(office.store)
    for (const [created, members] of Object.values(rows)) await stranger.insert(members, at(created))
  })

  test.each(filters)('list %j', async (filter, expected) => {
    expect(namesOf((await office.deferrals.list(filter)).deferrals)).toEqual(expected)
  })

  test.each(filters)('count %j', async (filter, expected) => {
    const numbers = statuses.map((status) => [status, expected.filter((name) => countedAs(name) === status).length])
    expect(await office.deferrals.count(filter)).toStrictEqual(Object.fromEntries(numbers))
  })

  test.each(orders)('list %j, in pages of any size', async (query, expected) => {
    for (const limit of [1, 2, 3, 100]) {
      expect(namesOf(await pagesOf(office.deferrals, { ...query, limit }))).toEqual(expected)
    }
  })

  test('the beginning of an id is found by text', async () => {
    const [id = ''] = Object.keys(names).filter((each) => names[each] === 'second')
    expect(namesOf((await office.deferrals.list({ text: id.slice(0, 12) })).deferrals)).toEqual(['second'])
  })

  test('upper and lower case are those of Node.js, in every alphabet, and no other letters are equal', async () => {
    const { deferrals, insert } = await officeOn(office.store)
    const find = async (text: string) => (await deferrals.list({ text })).deferrals.map(({ title }) => title).sort()
    const pairs = [
      ['Οδυσσεύς', 'ΟΔΥΣΣΕΎΣ'],
      ['Straße', 'STRAẞE'],
      ['თბილისი', 'ᲗᲑᲘᲚᲘᲡᲘ'],
      ['ꭰꮎꮅ', 'ᎠᎾᎵ'],
      ['Łódź', 'ŁÓDŹ'],
    ]
    for (const title of [...pairs.flat(), 'ırmak', 'irmak', 'İrmak', 'e\u0301', '\u00e9', '\u{1f389} paid']) {
      await insert({ title, clientId: '-', accountId: '-', expiresIn: 500 })
    }
    for (const pair of pairs) for (const text of pair) expect(await find(text)).toEqual([...pair].sort())
    for (const text of ['ırmak', 'İrmak', 'e\u0301', '\u00e9']) expect(await find(text)).toEqual([text])
    expect(await find('IRM')).toEqual(['irmak'])
    expect(await find('STRASSE')).toEqual([])
    expect(await find('\u{1f389}')).toEqual(['\u{1f389} paid'])
  })

  test('a page with history is one read, and each deferral is the one that get reads', async () => {
    const { deferrals } = await office.deferrals.list({ order: 'expiring', history: true })
    expect(deferrals).toHaveLength(4)
    for (const deferral of deferrals) expect(deferral).toStrictEqual(await office.deferrals.get(deferral.id))
    const { deferrals: plain } = await office.deferrals.list({ order: 'expiring', history: false })
    for (const deferral of plain) expect(deferral).not.toHaveProperty('history')
  })
}

describe('in memory', () => {
  const store = memoryStore()
  selects(() => store)
})

describeMongo('on MongoDB', () => selects(useMongoStore()))

class Forged extends Date {
  override getTime() {
    return 0
  }
  override toJSON() {
    return 'forged'
  }
}

describe('a contradiction or a wrong value is a TypeError that names the member', () => {
  const texts = ['queue', 'clientId', 'accountId', 'grantType', 'text']
  const wrong: [unknown, string][] = [
    ...['createdAfter', 'createdBefore', 'expiresBefore'].flatMap((name): [unknown, string][] => [
      [{ [name]: '2026-01-01' }, `${name} must be a valid Date`],
      [{ [name]: 0 }, `${name} must be a valid Date`],
      [{ [name]: new Date(Number.NaN) }, `${name} must be a valid Date`],
      [{ [name]: { getTime: () => 0 } }, `${name} must be a valid Date`],
      [{ [name]: null }, `${name} must be a valid Date`],
    ]),
    [{ createdAfter: new Forged(Number.NaN) }, 'createdAfter must be a valid Date'],
    ...texts.flatMap((name): [unknown, string][] => [
      [{ [name]: 1 }, `${name} must be`],
      [{ [name]: null }, `${name} must be`],
      [{ [name]: ['a'] }, `${name} must be`],
      [{ [name]: { $gt: '' } }, `${name} must be`],
      [{ [name]: /a/ }, `${name} must be`],
    ]),
    [{ status: [] }, 'status must have at least one status'],
    [{ status: ['open'] }, 'status[0] must be one of'],
    [{ status: ['pending', undefined] }, 'status[1] must be one of'],
    [{ status: new Array(2) }, 'status[0] must be one of'],
    [{ status: null }, 'status must be one of'],
    [{ status: { $ne: 'pending' } }, 'status must be one of'],
    [{ assignee: '' }, 'assignee must be'],
    [{ assignee: 'x'.repeat(201) }, 'assignee must be'],
    [{ assignee: ['robin'] }, 'assignee must be'],
    [{ assignee: { $ne: null } }, 'assignee must be'],
    [{ profile: 'saml' }, 'profile must be one of openid, oauth'],
    [{ profile: ['oauth'] }, 'profile must be one of'],
    [{ text: '' }, 'text must be a non-empty string of at most 200 characters'],
    [{ text: 'x'.repeat(201) }, 'text must be a non-empty string of at most 200 characters'],
    [{ overdue: 'true' }, 'overdue must be true or false'],
    [{ overdue: null }, 'overdue must be true or false'],
    [{ overdue: true, status: 'expired' }, 'status must not be expired with overdue'],
    [{ overdue: true, status: ['pending', 'denied'] }, 'status must not be denied with overdue'],
    [{ assignee: null, status: 'approved' }, 'status must not be approved with assignee'],
    [{ assignee: 'robin', status: ['expired', 'pending'] }, 'status must not be expired with assignee'],
    [{ text: 'a', status: 'redeemed' }, 'status must not be redeemed with text'],
    [{ client: 'shop' }, 'client is not an option, use one of status, queue'],
    [JSON.parse('{"__proto__":"x"}'), '__proto__ is not an option'],
    [{ constructor: 'x' }, 'constructor is not an option'],
    [{ grantId: 'x' }, 'grantId is not an option'],
    [{ issuer: 'https://other.example' }, 'issuer is not an option'],
    [{ notification: 'any' }, 'notification is not an option'],
    [null, 'the argument must be a plain object'],
    [[], 'the argument must be a plain object'],
    ['pending', 'the argument must be a plain object'],
  ]
  const onlyOfList: [unknown, string][] = [
    [{ order: 'random' }, 'order must be one of newest, oldest, due, expiring'],
    [{ order: null }, 'order must be one of'],
    [{ order: ['due'] }, 'order must be one of'],
    [{ order: 'due', status: 'approved' }, 'status must not be approved with order due'],
    [{ order: 'expiring', status: ['pending', 'expired'] }, 'status must not be expired with order expiring'],
    [{ order: 'expiring', status: 'denied' }, 'status must not be denied with order expiring'],
    [{ order: 'expiring', text: 'a', status: 'approved' }, 'status must not be approved with text'],
    [{ history: 1 }, 'history must be true or false'],
    [{ limit: 0 }, 'limit must be a whole number from 1 to 100'],
  ]
  const onlyOfCount: [unknown, string][] = ['order', 'cursor', 'limit', 'history'].map((name) => [
    { [name]: name === 'history' ? true : 'due' },
    `${name} is not an option`,
  ])

  const call = (method: 'list' | 'count') => async (argument: unknown, message: string) => {
    const { deferrals } = await officeOn(memoryStore())
    const error: unknown = await deferrals[method](argument as never).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(`${method}: ${message}`)
  }
  test.each([...wrong, ...onlyOfList])('list %j: %s', call('list'))
  test.each([...wrong, ...onlyOfCount])('count %j: %s', call('count'))
})

test('each member is read once: what was checked is what the store gets', async () => {
  const { deferrals, insert } = await officeOn(memoryStore())
  await insert({ expiresIn: 500 })
  const reads: string[] = []
  const once = (name: string, first: unknown) => ({
    enumerable: true,
    get() {
      const isAgain = reads.includes(name)
      reads.push(name)
      return isAgain ? { $ne: '' } : first
    },
  })
  const query = Object.defineProperties(
    {},
    {
      status: once('status', Object.defineProperties([], { 0: once('status[0]', 'pending') })),
      clientId: once('clientId', 'client'),
      order: once('order', 'due'),
      createdAfter: once('createdAfter', at(0)),
      limit: once('limit', 5),
    },
  )
  const { deferrals: found } = await deferrals.list(query)
  expect(found).toHaveLength(1)
  expect(reads.sort()).toEqual(['clientId', 'createdAfter', 'limit', 'order', 'status', 'status[0]'])
})
