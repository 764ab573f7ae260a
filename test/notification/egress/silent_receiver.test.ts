import type { Profile } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Begun, profiles, startWire, type Wire } from '../wire.js'

/*
 * A receiver that takes what it is sent and says nothing, until an attempt gives up after five seconds of the real clock. Both
 * profiles live through it at once.
 */
let wire: Wire
const lived = new Map<Profile, { hung: Begun[]; redeemed: Begun }>()
const slowest = { approval: 0, poll: 0, exchange: 0, redemption: 0 }

beforeAll(async () => {
  wire = await startWire()
  await Promise.all(profiles.map(hang))
  await Promise.all(profiles.map(approveAndGoOn))
  const all = [...lived.values()].flatMap(({ hung, redeemed }) => [...hung, redeemed])
  await Promise.all(all.map(({ id }) => wire.over(id, 1)))
  wire.op.clock.advance(10)
  await wire.swept()
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals

async function timed<T>(work: keyof typeof slowest, act: () => Promise<T>): Promise<T> {
  const from = performance.now()
  const result = await act()
  slowest[work] = Math.max(slowest[work], performance.now() - from)
  return result
}

async function hang(profile: Profile): Promise<void> {
  const [redeemed, ...hung] = await Promise.all(Array.from({ length: 4 }, () => wire.begin(profile)))
  for (const { id } of [redeemed!, ...hung])
    wire.answer(id, (response, _arrival, n) => n > 1 && response.writeHead(204).end())
  lived.set(profile, { redeemed: redeemed!, hung })
}

async function approveAndGoOn(profile: Profile): Promise<void> {
  const { hung, redeemed } = lived.get(profile)!
  wire.op.clock.advance(1)
  for (const { id } of [...hung, redeemed]) await timed('approval', () => deferrals().approve(id))
  await wire.receiver.arrived(4 * profiles.length)
  expect((await timed('redemption', () => redeemed.poll())).status).toBe(200)
  for (let n = 0; n < 5; n++) {
    const next = await timed('exchange', () => wire.begin(profile))
    const { body } = await timed('poll', () => next.poll())
    expect(body.error).toBe('authorization_pending')
  }
}

test('C73 E-27 neither reviewers nor clients wait for a receiver that says nothing', () => {
  // an attempt takes five seconds
  for (const took of Object.values(slowest)) expect(took).toBeLessThan(4500)
})

describe.each(profiles)('%s profile', (profile) => {
  test('C73 an attempt that is not answered ends, and is made again', async () => {
    for (const { id } of lived.get(profile)!.hung) {
      await wire.settled(id, 'delivered')
      expect(await wire.kept(id)).toMatchObject({ attempts: 2, answer: 204 })
      const [first, second] = wire.heard(id)
      expect(second!.at - first!.at).toBeGreaterThan(4500)
    }
  })

  test('C73 E-29 it is not made again where the client has its tokens by then', async () => {
    const { id } = lived.get(profile)!.redeemed
    expect(wire.heard(id)).toHaveLength(1)
    expect(await wire.kept(id)).toMatchObject({ status: 'suppressed', attempts: 1 })
    expect(await wire.kept(id)).not.toHaveProperty('sealed')
  })
})
