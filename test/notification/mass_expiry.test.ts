import { afterEach, beforeEach, expect, test } from 'vitest'
import { pollDeferral } from '../support/deferral.js'
import type { TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { type Fleet, startFleet, stocks } from './fleet.js'
import { countedEndings, type Endings, endAtOnce, type Mass, plantMass } from './mass_expiry.js'

const atOnce = 16

// so many batches that a node is still at it when something else happens
const count = 1200

let fleet: Fleet
/** decides, and neither sweeps nor sends */
let silent: TestProvider

beforeEach(async () => {
  fleet = await startFleet(await stocks.memory())
  silent = await fleet.start({ notification: { worker: false } })
  await silent.provider.deferrals.close()
})

afterEach(() => fleet.close())

/** So many that have expired, or are overdue, and that nobody has looked at yet. */
async function planted(mass: Mass = 'expired'): Promise<string[]> {
  const ids = await plantMass(fleet.store, silent.issuer, count, fleet.clock.now(), mass)
  fleet.clock.advance(60)
  return ids
}

/** A node that looks at them, and what it writes. */
async function sweeping(mass?: Mass): Promise<{ node: TestProvider; endings: Endings }> {
  const endings = countedEndings(fleet.store, mass)
  return { node: await fleet.start({ store: endings.store }), endings }
}

test('a sweep that ends all it finds at once is caught', async () => {
  await planted()
  const endings = countedEndings(fleet.store)
  await endAtOnce(endings.store, silent.issuer, fleet.clock.now())
  expect(endings).toMatchObject({ written: count, most: count, idle: 0 })
})

test.each(['expired', 'overdue'] as const)(
  'of very many that are %s at once each node writes 16 at a time, and each one is announced once',
  async (mass) => {
    const ids = await planted(mass)
    const announced: string[] = []
    const nodes = [await sweeping(mass), await sweeping(mass), await sweeping(mass)]
    for (const { node } of nodes) node.provider.on(`deferral.${mass}`, ({ id }) => announced.push(id))
    await until(() => announced.length >= count)
    await Promise.all(nodes.map(({ node }) => node.provider.deferrals.close()))
    expect(announced.sort()).toEqual(ids.sort())
    for (const { endings } of nodes) expect(endings.most).toBeLessThanOrEqual(atOnce)
  },
)

test('with a pause after each batch, and polls and decisions go on meanwhile', async () => {
  const begun = [await fleet.begin(silent), await fleet.begin(silent), await fleet.begin(silent)]
  await planted()
  const { node, endings } = await sweeping()
  await until(() => endings.written > 0)
  for (const { id, deferralCode } of begun) {
    const rp = relyingParty(node.origin)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
    expect(await node.provider.deferrals.approve(id)).toMatchObject({ changed: true })
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  }
  expect(endings.written).toBeLessThan(count)
  await until(() => endings.written === count)
  expect(endings.most).toBe(atOnce)
  // as long as the batch took, a fifth more or less
  expect(endings.idle).toBeGreaterThan(endings.busy / 2)
})

test.each(['expired', 'overdue'] as const)(
  'a notification of another node does not wait until all that are %s are written',
  async (mass) => {
    await planted(mass)
    const { id } = await fleet.begin(silent)
    await silent.provider.deferrals.deny(id)
    fleet.clock.advance(2)
    const { endings } = await sweeping(mass)
    await fleet.settled(id, 'delivered')
    expect(endings.written).toBeLessThan(count / 2)
  },
)

test('close waits for the writes under way, and begins no more', async () => {
  await planted()
  const { node, endings } = await sweeping()
  await until(() => endings.written > 0)
  const before = endings.written
  await node.provider.deferrals.close()
  const { written, open } = endings
  expect(open).toBe(0)
  expect(written - before).toBeLessThanOrEqual(atOnce)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(endings.written).toBe(written)
})
