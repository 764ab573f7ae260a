import { type DeferralStore, type Deferrals, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo, useMongoStore } from '../support/database.js'
import { waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

function assigns(open: () => DeferralStore): void {
  let op: TestProvider
  let deferrals: Deferrals

  beforeAll(async () => {
    op = await startProvider({ deferred: { store: open() } })
    deferrals = op.provider.deferrals
  })
  afterAll(() => op.close())

  const begun = async () => (await waiting(op, relyingParty(op.issuer))).id

  test('names the assignee in every view until the lease ends', async () => {
    const id = await begun()
    const at = op.clock.now()
    const { changed, deferral } = await deferrals.assign(id, { to: 'robin', by: 'kim', for: 60 })
    const assignee = { to: 'robin', by: 'kim', at, until: new Date(at.getTime() + 60_000) }
    expect(changed).toBe(true)
    expect(deferral.assignee).toEqual(assignee)
    expect((await deferrals.get(id))?.assignee).toEqual(assignee)
    expect((await deferrals.list({ limit: 1 })).deferrals[0]?.assignee).toEqual(assignee)
    op.clock.advance(60)
    expect(await deferrals.get(id)).not.toHaveProperty('assignee')
    expect(await deferrals.unassign(id)).toMatchObject({ changed: false })
    expect(await deferrals.assign(id, { to: 'kim' })).toMatchObject({ changed: true })
  })

  test('is taken from somebody else only by name, and what is not taken stays', async () => {
    const id = await begun()
    await deferrals.assign(id, { to: 'robin' })
    const refused = await deferrals.assign(id, { to: 'kim' })
    expect(refused).toMatchObject({ changed: false, deferral: { assignee: { to: 'robin' } } })
    expect(await deferrals.assign(id, { to: 'kim', from: 'robin' })).toMatchObject({
      changed: true,
      deferral: { assignee: { to: 'kim' } },
    })
    expect((await deferrals.get(id))?.history.at(-1)).toMatchObject({ event: 'assigned', to: 'kim', from: 'robin' })
  })

  test('of eight who take it at once one has it', async () => {
    const id = await begun()
    const names = Array.from({ length: 8 }, (_, n) => `reviewer ${n}`)
    const all = await Promise.all(names.map((to) => deferrals.assign(id, { to })))
    expect(all.filter(({ changed }) => changed)).toHaveLength(1)
    expect(new Set(all.map(({ deferral }) => deferral.assignee?.to)).size).toBe(1)
  })

  test.each(['approve', 'deny', 'cancel'] as const)(
    'binds nobody: %s by another one, which ends it',
    async (method) => {
      const id = await begun()
      await deferrals.assign(id, { to: 'robin' })
      const { changed, deferral } = await deferrals[method](id, { by: 'kim' })
      expect(changed).toBe(true)
      expect(deferral).not.toHaveProperty('assignee')
      expect(await deferrals.get(id)).not.toHaveProperty('assignee')
      expect(await deferrals.assign(id, { to: 'robin' })).toMatchObject({ changed: false })
      expect(await deferrals.unassign(id)).toMatchObject({ changed: false })
      expect(await deferrals.comment(id, { by: 'robin', text: 'why?' })).toMatchObject({ changed: true })
    },
  )
}

describe('an assignment in memory', () => {
  const store = memoryStore()
  assigns(() => store)
})

describeMongo('an assignment in MongoDB', () => assigns(useMongoStore()))
