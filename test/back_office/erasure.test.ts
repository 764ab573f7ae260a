import { type Deferral, type DeferralStore, type Deferrals, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo, useMongoStore } from '../support/database.js'
import { deferred, waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

function erases(open: () => DeferralStore): void {
  let op: TestProvider
  let deferrals: Deferrals
  let accounts = 0

  beforeAll(async () => {
    op = await startProvider({
      deferred: { store: open(), defer: () => ({ queue: 'payments', title: 'to Northwind Energy', dueIn: 60 }) },
    })
    deferrals = op.provider.deferrals
  })
  afterAll(() => op.close())

  /** Signs a new end-user in. */
  const newAccount = () => {
    accounts += 1
    op.user.interaction = { accountId: `account ${accounts}`, context: { note: 'evidence' } }
    return `account ${accounts}`
  }
  const begun = async () => (await waiting(op, relyingParty(op.issuer), { agent: userAgent() })).id
  const erasedEvents = async (work: () => Promise<unknown>) => {
    const events: Deferral[] = []
    const note = (deferral: Deferral) => void events.push(deferral)
    op.provider.on('deferral.erased', note)
    await work()
    op.provider.off('deferral.erased', note)
    return events
  }

  test('cancels one that is pending, and leaves who did it and when', async () => {
    newAccount()
    const id = await begun()
    await deferrals.comment(id, { by: 'robin', text: 'called her' })
    const before = (await deferrals.get(id)) as Deferral
    const events = await erasedEvents(async () =>
      expect(await deferrals.erase({ id }, { by: 'kim' })).toEqual({ erased: 1 }),
    )
    const now = op.clock.now()
    const { history, ...after } = (await deferrals.get(id)) ?? {}
    const { profile, clientId, queue, createdAt, exchangedAt, expiresAt, dueAt } = before
    expect(after).toStrictEqual({
      ...{ id, profile, clientId, queue, createdAt, exchangedAt, expiresAt, dueAt },
      ...{ scope: [], resource: [], expired: false, overdue: false },
      ...{ status: 'cancelled', cancelledAt: now, cancelledBy: 'kim', erasedAt: now },
    })
    expect(history?.map(({ at, ...entry }) => entry)).toStrictEqual([
      { event: 'created' },
      { event: 'exchanged' },
      { event: 'commented', by: 'robin' },
      { event: 'cancelled', by: 'kim' },
      { event: 'erased', by: 'kim' },
    ])
    expect(events).toEqual([after])
  })

  test('of one deferral leaves the others of the account, and counts it once', async () => {
    const accountId = newAccount()
    const [id, other] = [await begun(), await begun()]
    expect(await deferrals.erase({ id })).toEqual({ erased: 1 })
    expect(await deferrals.erase({ id }, { by: 'kim' })).toEqual({ erased: 0 })
    expect((await deferrals.get(id))?.history.at(-1)).toEqual({ at: expect.any(Date), event: 'erased' })
    expect(await deferrals.get(other)).toMatchObject({ status: 'pending', accountId, title: 'to Northwind Energy' })
  })

  test('of an account reaches every status, and no other account', async () => {
    newAccount()
    const stranger = await begun()
    const accountId = newAccount()
    const ids = { pending: await begun(), approved: await begun(), denied: await begun(), cancelled: await begun() }
    await deferrals.approve(ids.approved, { by: 'robin' })
    await deferrals.deny(ids.denied, { by: accountId, note: 'looks odd', description: 'no' })
    await deferrals.cancel(ids.cancelled, { by: ['robin', accountId] })
    const { id: unexchanged } = await deferred(op, relyingParty(op.issuer), { agent: userAgent() })
    expect(await deferrals.erase({ accountId }, { by: ['kim', accountId] })).toEqual({ erased: 5 })
    expect((await deferrals.list({ accountId })).deferrals).toEqual([])
    expect(await deferrals.get(stranger)).toMatchObject({ status: 'pending', context: { note: 'evidence' } })
    const shown = async (id: string) => {
      const { status, decision, cancelledBy } = (await deferrals.get(id)) as Deferral
      return [status, decision, cancelledBy]
    }
    const at = expect.any(Date)
    expect(await shown(ids.pending)).toEqual(['cancelled', undefined, ['kim']])
    expect(await shown(ids.approved)).toEqual(['cancelled', { by: 'robin', at }, ['kim']])
    expect(await shown(ids.denied)).toEqual(['denied', { at }, undefined])
    expect(await shown(ids.cancelled)).toEqual(['cancelled', undefined, ['robin']])
    expect(await shown(unexchanged)).toEqual(['cancelled', undefined, ['kim']])
    expect(await deferrals.erase({ accountId })).toEqual({ erased: 0 })
  })

  test('goes through more than a page of them', async () => {
    const accountId = newAccount()
    const agent = userAgent()
    for (let begun = 0; begun < 102; begun++) await deferred(op, relyingParty(op.issuer), { agent })
    expect(await deferrals.erase({ accountId })).toEqual({ erased: 102 })
    expect((await deferrals.list({ accountId })).deferrals).toEqual([])
  })

  test('refuses what is written afterwards', async () => {
    newAccount()
    const id = await begun()
    await deferrals.erase({ id })
    const erased = await deferrals.get(id)
    const attempts = [
      deferrals.approve(id, { by: 'robin', note: 'a note' }),
      deferrals.deny(id, { by: 'robin', description: 'a reason' }),
      deferrals.cancel(id, { by: 'robin' }),
      deferrals.progress(id, { step: 'review' }),
      deferrals.extend(id, { expiresIn: 60 }),
      deferrals.assign(id, { to: 'robin' }),
      deferrals.unassign(id),
      deferrals.comment(id, { by: 'robin', text: 'a comment' }),
      deferrals.notifications.replay(id, { by: 'robin' }),
    ]
    for (const { changed } of await Promise.all(attempts)) expect(changed).toBe(false)
    expect(await deferrals.get(id)).toEqual(erased)
  })

  test('of one that has expired does not cancel it; a comment and a cancellation are refused then, too', async () => {
    newAccount()
    const id = await begun()
    op.clock.advance(86_400)
    expect(await deferrals.erase({ id })).toEqual({ erased: 1 })
    expect(await deferrals.cancel(id, { by: 'robin' })).toMatchObject({ changed: false })
    expect(await deferrals.comment(id, { by: 'robin', text: 'late' })).toMatchObject({ changed: false })
    expect(await deferrals.get(id)).toMatchObject({ status: 'pending', expired: true, erasedAt: op.clock.now() })
  })

  test('takes exactly one of id and accountId', async () => {
    const wrong = (target: object, eraser?: object) => deferrals.erase(target as { id: string }, eraser)
    for (const target of [{}, { id: 'an id', accountId: 'an account' }])
      await expect(wrong(target)).rejects.toThrow(new TypeError('erase: needs either id or accountId'))
    await expect(wrong({ id: 1 })).rejects.toThrow(new TypeError('erase: id must be a string'))
    await expect(wrong({ accountId: '' })).rejects.toThrow(new TypeError('erase: accountId must be a non-empty string'))
    await expect(wrong({ accountId: { $ne: '' } })).rejects.toThrow(TypeError)
    await expect(wrong({ account: 'an account' })).rejects.toThrow('erase: account is not an option')
    await expect(wrong({ id: 'an id' }, { by: '' })).rejects.toThrow(TypeError)
    await expect(wrong('an id' as never)).rejects.toThrow(TypeError)
    await expect(deferrals.erase({ id: 'an id' })).rejects.toMatchObject({ code: 'ERR_DEFERRAL_NOT_FOUND' })
    expect(await deferrals.erase({ accountId: 'nobody' })).toEqual({ erased: 0 })
  })
}

describe('an erasure in memory', () => {
  const store = memoryStore()
  erases(() => store)
})

describeMongo('an erasure in MongoDB', () => erases(useMongoStore()))
