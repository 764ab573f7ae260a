import type { DeferralListing, ListQuery } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, deferred, waiting } from '../support/journey.js'
import { startProvider, type TestProvider, withProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

let op: TestProvider
const ids: Record<string, string> = {}
const list = (query?: ListQuery): Promise<DeferralListing> => op.provider.deferrals.list(query)
const names = async (query?: ListQuery) => {
  const { deferrals } = await list(query)
  return deferrals.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id))
}

// oldest first; the two expired ones were made so long ago that the others are not
beforeAll(async () => {
  op = await startProvider({ deferred: { ttl: { deferral: 600 } } })
  const [rp, other] = [relyingParty(op.issuer), relyingParty(op.issuer, 'other')]
  const { deferrals } = op.provider
  const remember = (name: string, { id }: { id: string }) => {
    ids[name] = id
    op.clock.advance(1)
  }
  remember('expired pending', await waiting(op, rp))
  remember('expired approved', await approved(op, rp))
  remember('never exchanged', await deferred(op, rp))
  const redeemed = await approved(op, rp)
  await rp.poll(redeemed.handle)
  remember('redeemed', redeemed)
  op.clock.advance(600)
  remember('pending', await waiting(op, rp))
  op.user.interaction = { accountId: 'bob' }
  remember("other's", await waiting(op, other))
  op.user.interaction = {}
  remember('approved', await approved(op, rp))
  const denied = await waiting(op, rp)
  await deferrals.deny(denied.id)
  remember('denied', denied)
  const cancelled = await waiting(op, rp)
  await rp.cancel(cancelled.handle)
  remember('cancelled', cancelled)
  remember('unexchanged', await deferred(op, rp))
})

afterAll(() => op.close())

const newestFirst = [
  'unexchanged',
  'cancelled',
  'denied',
  'approved',
  "other's",
  'pending',
  'redeemed',
  'never exchanged',
  'expired approved',
  'expired pending',
]

describe('list', () => {
  test.each<[ListQuery | undefined, string[]]>([
    [undefined, newestFirst],
    [{}, newestFirst],
    [{ status: 'pending' }, ['unexchanged', "other's", 'pending']],
    [{ status: 'approved' }, ['approved']],
    [{ status: 'denied' }, ['denied']],
    [{ status: 'cancelled' }, ['cancelled']],
    [{ status: 'redeemed' }, ['redeemed']],
    [{ status: 'expired' }, ['never exchanged', 'expired approved', 'expired pending']],
    [{ clientId: 'other' }, ["other's"]],
    [{ clientId: 'nobody' }, []],
    [{ accountId: 'bob' }, ["other's"]],
    [{ accountId: 'alice', status: 'pending' }, ['unexchanged', 'pending']],
    [{ accountId: 'bob', clientId: 'secret' }, []],
    [{ limit: 3 }, newestFirst.slice(0, 3)],
    [{ status: ['denied', 'cancelled'] }, ['cancelled', 'denied']],
    [{ status: ['expired', 'pending'], clientId: 'other' }, ["other's"]],
    [{ profile: 'openid', order: 'newest' }, newestFirst],
    [{ profile: 'oauth' }, []],
    [{ assignee: null }, ['unexchanged', "other's", 'pending']],
    [{ text: 'BO' }, ["other's"]],
    [{ overdue: true }, []],
  ])('%j: newest first', async (query, expected) => {
    expect(await names(query)).toEqual(expected)
  })

  test('the other orders', async () => {
    expect(await names({ order: 'oldest' })).toEqual([...newestFirst].reverse())
    // nobody said when they are due, so they come by id
    expect((await names({ order: 'due' })).sort()).toEqual(["other's", 'pending', 'unexchanged'])
    const { deferrals } = await list({ order: 'expiring' })
    const expiries = deferrals.map(({ expiresAt }) => expiresAt.getTime())
    expect(expiries).toEqual([...expiries].sort((a, b) => a - b))
    expect(expiries).toHaveLength(4)
  })

  test.each([1, 2, 3, 5, 9])(
    'pages of %d by cursor are everything once, the last page has no cursor',
    async (limit) => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await list({ limit, ...(cursor !== undefined && { cursor }) })
        expect(page.deferrals.length).toBeLessThanOrEqual(limit)
        seen.push(...page.deferrals.map(({ id }) => id))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(seen).toEqual(newestFirst.map((name) => ids[name]))
    },
  )

  test('a page of exactly everything has no cursor', async () => {
    expect(await list({ limit: newestFirst.length })).not.toHaveProperty('cursor')
  })

  test('a cursor goes on with the same filter', async () => {
    const first = await list({ status: 'pending', limit: 1 })
    const second = await list({ status: 'pending', limit: 5, cursor: first.cursor! })
    expect(second.deferrals.map(({ id }) => id)).toEqual([ids["other's"], ids.pending])
  })

  test('says what has expired, without storing it', async () => {
    const { deferrals } = await list({ status: 'expired' })
    expect(deferrals.map(({ expired, status }) => [expired, status])).toEqual([
      [true, 'pending'],
      [true, 'approved'],
      [true, 'pending'],
    ])
    expect((await list({ status: 'redeemed' })).deferrals[0]).toMatchObject({ expired: false })
  })

  test('20 unless told, and deferrals of the same instant are each listed once', async () => {
    await withProvider({}, async (many) => {
      const rp = relyingParty(many.issuer)
      for (let n = 0; n < 21; n++) await deferred(many, rp)
      const { deferrals, cursor } = await many.provider.deferrals.list()
      const rest = await many.provider.deferrals.list({ cursor: cursor! })
      expect([deferrals.length, rest.deferrals.length]).toEqual([20, 1])
      expect(new Set([...deferrals, ...rest.deferrals].map(({ id }) => id)).size).toBe(21)
    })
  })

  test.each<[string, unknown]>([
    ['an unknown member', { client: 'secret' }],
    ['a member that every object inherits', { toString: 'secret' }],
    ['an instance of a class', new (class {})()],
    ['an unknown status', { status: 'open' }],
    ['a status of another type', { status: 1 }],
    ['a client that is an object', { clientId: { $ne: '' } }],
    ['an account that is an array', { accountId: [] }],
    ['limit 0', { limit: 0 }],
    ['limit 101', { limit: 101 }],
    ['limit 1.5', { limit: 1.5 }],
    ['a cursor of somebody else', { cursor: 'cursor' }],
    ['an empty cursor', { cursor: '' }],
    ['null', null],
  ])('%s is a TypeError', async (_case, query) => {
    await expect(list(query as ListQuery)).rejects.toThrow(TypeError)
  })
})
