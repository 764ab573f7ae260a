import { type Deferral, type DeferralStore, type Deferrals, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeMongo, useMongoStore } from '../support/database.js'
import { waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type Answer, relyingParty } from '../support/relying_party.js'

function votes(open: () => DeferralStore): void {
  let op: TestProvider
  let deferrals: Deferrals
  let quorum: number | undefined
  const events: [name: string, deferral: Deferral][] = []

  beforeAll(async () => {
    const defer = () => (quorum === undefined ? true : { quorum })
    op = await startProvider({ deferred: { store: open(), defer, interval: 1 } })
    deferrals = op.provider.deferrals
    for (const name of ['voted', 'approved', 'denied', 'cancelled'] as const)
      op.provider.on(`deferral.${name}`, (deferral) => events.push([name, deferral]))
  })
  afterAll(() => op.close())
  beforeEach(() => {
    quorum = 2
  })

  const rp = () => relyingParty(op.issuer)
  const begun = () => waiting(op, rp(), { request: { scope: 'openid email payments', prompt: 'consent' } })
  const historyOf = async (id: string) => (await deferrals.get(id))!.history.slice(2)
  const named = (id: string) => events.filter(([, deferral]) => deferral.id === id).map(([name]) => name)
  const polled = async (handle: string): Promise<Answer> => {
    op.clock.advance(1)
    return rp().poll(handle)
  }

  test('the first vote leaves it pending, the second one decides what both allow', async () => {
    const { id, handle } = await begun()
    const at = op.clock.now()
    const until = new Date(at.getTime() + 60_000)
    const first = await deferrals.approve(id, { by: 'robin', scope: ['openid', 'email'], until, note: 'looks fine' })
    const vote = { by: 'robin', at, scope: ['openid', 'email'], until, note: 'looks fine' }
    expect(first).toMatchObject({ changed: true, deferral: { status: 'pending', quorum: 2 } })
    expect(first.deferral.votes).toStrictEqual([vote])
    expect((await deferrals.get(id))?.votes).toStrictEqual([vote])
    expect((await deferrals.list({ limit: 1 })).deferrals[0]?.votes).toStrictEqual([vote])
    expect(first.deferral).not.toHaveProperty('decision')
    expect((await polled(handle)).body.error).toBe('authorization_pending')

    const second = await deferrals.approve(id, { by: 'kim', scope: ['openid', 'payments'], note: 'agreed' })
    const decidedAt = op.clock.now()
    const decision = { by: ['robin', 'kim'], scope: ['openid'], until, note: 'agreed', at: decidedAt }
    expect(second).toMatchObject({ changed: true, deferral: { status: 'approved', decidedAt } })
    expect(second.deferral.decision).toStrictEqual(decision)
    const votes = [vote, { by: 'kim', at: decidedAt, scope: ['openid', 'payments'], note: 'agreed' }]
    const found = await deferrals.get(id)
    expect(found?.decision).toStrictEqual(decision)
    expect(found?.votes).toStrictEqual(votes)
    expect(await historyOf(id)).toStrictEqual([
      { at, event: 'voted', by: 'robin', narrowed: ['scope', 'until'], votes: 1, quorum: 2 },
      { at: decidedAt, event: 'approved', by: ['robin', 'kim'], narrowed: ['scope', 'until'], quorum: 2 },
    ])
    expect(named(id)).toEqual(['voted', 'approved'])
    expect(events.find(([name, deferral]) => name === 'voted' && deferral.id === id)?.[1].votes).toHaveLength(1)
    expect((await polled(handle)).body).toMatchObject({ scope: 'openid', access_token: expect.any(String) })
    expect(await deferrals.get(id)).toMatchObject({ status: 'redeemed', votes, decision })
  })

  test('a second vote by the same person is none, in whatever array', async () => {
    const { id } = await begun()
    await deferrals.approve(id, { by: ['robin', 'kim'] })
    for (const by of ['robin', ['lee', 'kim'], ['kim', 'robin']])
      expect(await deferrals.approve(id, { by })).toMatchObject({ changed: false, deferral: { status: 'pending' } })
    expect((await deferrals.get(id))?.votes).toHaveLength(1)
    expect((await historyOf(id)).map(({ event }) => event)).toEqual(['voted'])
    expect(await deferrals.approve(id, { by: 'Robin' })).toMatchObject({ deferral: { status: 'approved' } })
    expect(await deferrals.approve(id, { by: 'alex' })).toMatchObject({ changed: false })
  })

  test('a vote needs a name, and no more than was requested; nothing is changed otherwise', async () => {
    const { id } = await begun()
    const before = await deferrals.get(id)
    const missing = deferrals.approve(id, { scope: ['openid'] })
    await expect(missing).rejects.toThrow(new TypeError('approve: by is required, this deferral needs 2 approvals'))
    await expect(deferrals.approve(id, { by: 'robin', scope: ['admin'] })).rejects.toThrow(RangeError)
    await expect(deferrals.approve(id, { by: 'robin', until: op.clock.now() })).rejects.toThrow('until must lie ahead')
    expect(await deferrals.get(id)).toEqual(before)
    await deferrals.approve(id, { by: 'robin', scope: ['email'], acr: 'high' })
    const one = await deferrals.get(id)
    for (const approval of [{ scope: ['openid'], acr: 'high' }, { acr: 'low' }, { scope: ['admin'], acr: 'high' }])
      await expect(deferrals.approve(id, { by: 'kim', ...approval })).rejects.toThrow(RangeError)
    expect(await deferrals.get(id)).toEqual(one)
  })

  test('a vote is withdrawn by its voter, stays in the history, and may be cast again', async () => {
    const { id } = await begun()
    await deferrals.approve(id, { by: 'robin', note: 'too soon' })
    expect(await deferrals.unvote(id, { by: 'kim' })).toMatchObject({ changed: false })
    const { changed, deferral } = await deferrals.unvote(id, { by: 'robin' })
    expect(changed).toBe(true)
    expect(deferral).not.toHaveProperty('votes')
    expect(await deferrals.get(id)).not.toHaveProperty('votes')
    expect(await deferrals.unvote(id, { by: 'robin' })).toMatchObject({ changed: false })
    expect(await deferrals.approve(id, { by: 'kim' })).toMatchObject({ deferral: { status: 'pending' } })
    expect(await deferrals.approve(id, { by: 'robin' })).toMatchObject({ deferral: { status: 'approved' } })
    expect(await deferrals.unvote(id, { by: 'robin' })).toMatchObject({ changed: false })
    const history = await historyOf(id)
    expect(history.map(({ event, by }) => [event, by])).toEqual([
      ['voted', 'robin'],
      ['unvoted', 'robin'],
      ['voted', 'kim'],
      ['approved', ['kim', 'robin']],
    ])
    expect(JSON.stringify(history)).not.toContain('too soon')
    expect(named(id)).toEqual(['voted', 'voted', 'approved'])
  })

  test.each(['deny', 'cancel'] as const)('one %s ends it, whoever has voted', async (method) => {
    const { id, handle } = await begun()
    await deferrals.approve(id, { by: 'robin' })
    expect(await deferrals[method](id, { by: 'kim' })).toMatchObject({ changed: true })
    expect(await deferrals.approve(id, { by: 'lee' })).toMatchObject({ changed: false })
    expect(await deferrals.unvote(id, { by: 'robin' })).toMatchObject({ changed: false })
    expect((await deferrals.get(id))?.votes).toMatchObject([{ by: 'robin' }])
    expect((await polled(handle)).body.error).toBe('access_denied')
    expect(named(id)).toEqual(['voted', method === 'deny' ? 'denied' : 'cancelled'])
  })

  test('one that needs ten gets the names of all ten', async () => {
    quorum = 10
    const { id } = await begun()
    const people = Array.from({ length: 10 }, (_, nth) => [`person ${nth}`, `deputy ${nth}`])
    for (const [nth, by] of people.entries()) {
      const { deferral } = await deferrals.approve(id, { by })
      expect(deferral.status).toBe(nth === 9 ? 'approved' : 'pending')
    }
    expect((await deferrals.get(id))?.decision?.by).toEqual(people.flat())
  })

  test('of eight last votes at once one decides, and the others are told so', async () => {
    const { id } = await begun()
    await deferrals.approve(id, { by: 'robin' })
    const names = Array.from({ length: 8 }, (_, nth) => `person ${nth}`)
    const all = await Promise.all(names.map((by) => deferrals.approve(id, { by })))
    expect(all.filter(({ changed }) => changed)).toHaveLength(1)
    expect(new Set(all.map(({ deferral }) => JSON.stringify(deferral.decision))).size).toBe(1)
    expect((await historyOf(id)).map(({ event }) => event)).toEqual(['voted', 'approved'])
    expect((await deferrals.get(id))?.votes).toHaveLength(2)
  })

  test.each([undefined, 1])('with a quorum of %s the first approval decides, without votes', async (one) => {
    quorum = one
    const { id } = await begun()
    const { deferral } = await deferrals.approve(id, { scope: ['openid'] })
    expect(deferral).toMatchObject({ status: 'approved', decision: { scope: ['openid'] } })
    expect(deferral).not.toHaveProperty('votes')
    expect(await historyOf(id)).toStrictEqual([{ at: op.clock.now(), event: 'approved', narrowed: ['scope'] }])
    expect(named(id)).toEqual(['approved'])
  })

  test('an unknown id, a wrong name', async () => {
    const { id } = await begun()
    const [nobody, wrong] = [{}, { by: [] }] as object[] as { by: string }[]
    await expect(deferrals.unvote('unknown', { by: 'robin' })).rejects.toThrow('no deferral has this id')
    await expect(deferrals.unvote(id, nobody!)).rejects.toThrow('unvote: by must be a non-empty string')
    await expect(deferrals.unvote(id, wrong!)).rejects.toThrow('unvote: by must have 1 to 10 names')
  })
}

describe('votes in memory', () => {
  const store = memoryStore()
  votes(() => store)
})

describeMongo('votes in MongoDB', () => votes(useMongoStore()))
