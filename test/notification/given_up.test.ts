import type { Profile } from 'oidc-provider-deferred'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Begun, startWire, type Wire } from './wire.js'

/*
 * A client that gives up what is decided already, while a notification waits for its next attempt: it is told no more.
 */
const ends = ['approve', 'deny', 'cancel'] as const
const ways: [string, Profile, (begun: Begun) => Promise<unknown>][] = [
  ['I-107 I-120 by revocation of its deferral_code', 'oauth', ({ revoke }) => revoke()],
  ['C-O22 by revocation of its deferred_auth_id', 'openid', ({ revoke }) => revoke()],
  ['C-O22 by cancellation', 'openid', ({ rp, handle }) => rp.cancel(handle)],
]
const rows = ways.flatMap(([way, profile, giveUp]) =>
  ends.map((end) => [`${way}, after ${end}`, profile, end, giveUp] as const),
)

let wire: Wire
const given = new Map<string, Begun>()

beforeAll(async () => {
  wire = await startWire()
  const begun = await Promise.all(rows.map(([, profile]) => wire.begin(profile, { token: 'a-token' })))
  wire.op.clock.advance(2)
  for (const [index, [name, , end]] of rows.entries()) {
    const one = begun[index]!
    given.set(name, one)
    wire.answer(one.id, (response) => response.writeHead(503).end())
    await wire.op.provider.deferrals[end](one.id)
  }
  await Promise.all(begun.map(({ id }) => wire.over(id, 1)))
  for (const [index, [, , , giveUp]] of rows.entries())
    expect(await giveUp(begun[index]!)).toMatchObject({ status: 200 })
  wire.op.clock.advance(10)
  await wire.swept()
})
afterAll(() => wire.close())

test.each(rows.map(([name]) => name))(
  'E-29 %s: nothing more is sent, and what was kept for it is erased',
  async (name) => {
    const { id, poll } = given.get(name)!
    expect(wire.heard(id)).toHaveLength(1)
    const kept = await wire.kept(id)
    expect(kept).toMatchObject({ status: 'suppressed', attempts: 1 })
    expect(kept).not.toHaveProperty('sealed')
    expect((await wire.op.provider.deferrals.notifications.replay(id)).changed).toBe(false)
    expect((await poll()).body.error).toBe('access_denied')
  },
)
