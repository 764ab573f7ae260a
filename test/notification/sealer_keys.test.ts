import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import type { DeferralRecord } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, notifiedAt } from '../support/clients.js'
import { held } from '../support/deferral.js'
import type { TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { forged, kidOf } from './egress/forged.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

const [one, two] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))]

describe('what is sealed, through a provider', () => {
  let fleet: Fleet
  let op: TestProvider

  beforeAll(async () => {
    fleet = await startFleet(await stocks.memory())
    // decides and keeps; others, with other keys, send
    op = await fleet.start({ keys: [one], notification: { worker: false } })
  })

  afterAll(() => fleet.close())

  /** Puts another text in the place of what is sealed, as somebody with access to the database could. */
  async function smuggle({ id }: DeferralRecord, sealed: string): Promise<void> {
    const record = (await fleet.store.find(id, fleet.clock.now()))!
    const after = { ...record, notification: { ...record.notification!, sealed } }
    await fleet.store.swap(record, { after }, record.writeId, fleet.clock.now())
  }

  async function owed(): Promise<DeferralRecord> {
    const { id } = await fleet.begin(op)
    await op.provider.deferrals.deny(id)
    return fleet.record(id)
  }
  const sealedOf = ({ notification }: DeferralRecord) => notification?.sealed as string

  test('I-128 what was sealed for another deferral, changed or forged is a dead letter, and nothing is sent', async () => {
    const [mine, theirs, changed, forgedOne] = [await owed(), await owed(), await owed(), await owed()]
    const of = ({ issuer, id, clientId }: DeferralRecord) => ({ iss: issuer, deferral_id: id, client_id: clientId })
    const wrapped = await forged(one, { ...of(forgedOne), alg: 'A256KW' })
    await smuggle(mine, sealedOf(theirs))
    await smuggle(theirs, sealedOf(mine))
    await smuggle(changed, `${sealedOf(changed).slice(0, -4)}AAAA`)
    await smuggle(forgedOne, wrapped)
    const sender = await fleet.start({ keys: [one] })
    fleet.clock.advance(2)
    for (const { id } of [mine, theirs, changed, forgedOne]) {
      const { attempts, reason, sealed } = await fleet.settled(id, 'failed')
      expect([attempts, reason]).toEqual([1, expect.stringContaining('what is sealed cannot be opened: ERR_J')])
      // it may have been a copy gone wrong: what is kept is still there to be sent again
      expect(sealed).toBeDefined()
      expect(fleet.heard(id)).toEqual([])
    }
    await sender.provider.deferrals.close()
  })

  test('a rotated key loses no queued notification; a notification waits for a key that is gone', async () => {
    const decided = [await owed(), await owed()]
    const waits = await fleet.begin(op)
    const before = fleet.receiver.arrivals.length
    const only = await fleet.start({ keys: [two] })
    fleet.clock.advance(2)
    for (const { id } of decided) {
      await until(async () => (await fleet.told(id)).reason !== undefined)
      expect(await fleet.told(id)).toMatchObject({
        status: 'owed',
        attempts: 1,
        reason: 'what is sealed cannot be opened: no key of this node opens it',
      })
    }
    expect(fleet.receiver.arrivals).toHaveLength(before)
    await only.provider.deferrals.close()

    const rotated = await fleet.start({ keys: [two, one] })
    const fresh = await fleet.begin(rotated)
    expect(decodeProtectedHeader(sealedOf(await fleet.record(fresh.id))).kid).toBe(kidOf(two))
    expect(decodeProtectedHeader(sealedOf(await fleet.record(waits.id))).kid).toBe(kidOf(one))
    fleet.clock.advance(10)
    for (const { id } of [waits, fresh]) await rotated.provider.deferrals.approve(id)
    const all = [...decided, waits, fresh].map(({ id }) => id)
    for (const id of all) await fleet.settled(id, 'delivered')
    expect(fleet.receiver.arrivals).toHaveLength(before + all.length)
    expect(all.map((id) => fleet.heard(id).length)).toEqual([1, 1, 1, 1])
  })

  test('O-120 I-128 without keys nothing is kept, and the token is dropped; nor without an endpoint', async () => {
    const token = randomBytes(24).toString('base64url')
    const params = { client_notification_token: token }
    const keyless = await startFleet(await stocks.memory(), { clients: () => clients })
    const some = ({ endpoint }: { endpoint: string }) => notifiedAt(endpoint)
    const elsewhere = await startFleet(await stocks.memory(), {
      clients: (receiver) =>
        some(receiver).map((client) => ({
          ...client,
          ...(client.client_id === 'secret' && { deferred_client_notification_endpoint: undefined }),
        })),
    })
    const nodes = [await keyless.start({ keys: [] }), await elsewhere.start()] as const
    for (const [fleet, node] of [
      [keyless, nodes[0]],
      [elsewhere, nodes[1]],
    ] as const) {
      const { deferralCode } = await held(node, relyingParty(node.origin), 'client_credentials', { params })
      const record = await fleet.record(deferralCode.slice(0, 22))
      expect(record).not.toHaveProperty('notification')
      expect(JSON.stringify(record)).not.toContain(token)
      expect(JSON.stringify(record)).not.toContain(Buffer.from(token).toString('base64url').slice(0, 28))
    }
    await Promise.all([keyless.close(), elsewhere.close()])
  })
})
