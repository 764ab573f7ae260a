import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import type { TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

/** Two issuers with one store, the same keys, and clients of the same ids. */
function issuers(kind: keyof typeof stocks): void {
  let fleet: Fleet
  let one: TestProvider
  let another: TestProvider

  beforeAll(async () => {
    fleet = await startFleet(await stocks[kind]())
    one = await fleet.start()
    another = await fleet.start({ issuer: 'https://another.example' })
    // does nothing by itself: whatever happens to its deferrals, the other one does
    await one.provider.deferrals.close()
  })

  afterAll(() => fleet.close())

  const record = async (id: string) => (await fleet.store.find(id, fleet.clock.now()))!

  async function decided(op: TestProvider): Promise<string> {
    const { id } = await fleet.begin(op)
    await op.provider.deferrals.deny(id)
    fleet.clock.advance(2)
    return id
  }

  test('neither sends the notifications of the other', async () => {
    const [first, second] = [await decided(one), await decided(another)]
    await fleet.settled(second, 'delivered')
    expect(await fleet.told(first)).toMatchObject({ status: 'owed', attempts: 0 })
    expect(fleet.heard(first)).toEqual([])
    const node = await fleet.start()
    await fleet.settled(first, 'delivered')
    expect(fleet.heard(first)).toHaveLength(1)
    await node.provider.deferrals.close()
  })

  test('I-128 what one of them sealed does not open at the other', async () => {
    const id = await decided(one)
    const before = await record(id)
    const after = { ...before, issuer: another.issuer }
    await fleet.store.swap(before, { after }, before.writeId, fleet.clock.now())
    expect(await fleet.settled(id, 'failed')).toMatchObject({
      attempts: 1,
      reason: expect.stringMatching(/^what is sealed cannot be opened: ERR_JWE/),
    })
    expect(fleet.heard(id)).toEqual([])
  })

  test('neither ends what expired at the other', async () => {
    const [first, second] = [await fleet.begin(one), await fleet.begin(another)]
    fleet.clock.advance(86_400)
    await until(async () => (await record(second.id)).expiredAt !== undefined)
    expect(await record(first.id)).not.toHaveProperty('expiredAt')
  })
}

describe('in memory', () => issuers('memory'))
describeMongo('in one collection', () => issuers('MongoDB'))
