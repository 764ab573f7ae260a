import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import type { Mongo } from '../support/mongod.js'
import { liveTokens } from './deployment.js'
import { admit, faultsAt, type Kind, kinds, type Patient, serverError, startFragileMongo, statusOf } from './faults.js'
import { burning, hasty, swallowing } from './naive_stores.js'
import type { Seed } from './seed.js'

const faults = Object.keys(kinds) as Kind[]
let mongo: Mongo
let patient: Patient

/** Polls on although something fails; what the client was told, in order. */
async function persist({ rp }: Patient, { deferredAuthId }: Seed): Promise<string[]> {
  const heard: string[] = []
  for (let poll = 0; poll < 3; poll++) {
    const { status, body } = await rp.poll(deferredAuthId)
    heard.push(status === 200 ? 'tokens' : `${status} ${body.error}`)
    await patient.heal()
  }
  return heard
}

const served = (heard: string[]) => heard.filter((one) => one === 'tokens').length

/** How many tokens of each kind are alive. */
const alive = async ({ db }: Patient, { grantId }: Seed) => [
  (await liveTokens(db, 'access_token', grantId)).length,
  (await liveTokens(db, 'refresh_token', grantId)).length,
]

const once = ['tokens', '400 invalid_grant', '400 invalid_grant']

describeMongo('the database fails', () => {
  beforeAll(async () => {
    mongo = await startFragileMongo()
  })
  afterAll(() => mongo.stop())
  describe('a provider whose store is planted, and', () => {
    afterEach(async () => {
      await patient.heal()
      await patient.close()
    })

    test('T2, T9: the faults catch a planted store that takes them for a lost race', async () => {
      patient = await admit(mongo, swallowing)
      const [seed] = await patient.seed(1, 'approved')
      patient.failAt('find', 'reports an error')
      expect((await persist(patient, seed!))[0]).toBe('400 invalid_grant')
    })

    test('T2, T9: the faults catch a planted store that marks before it mints', async () => {
      patient = await admit(mongo, burning)
      const [seed] = await patient.seed(1, 'approved')
      patient.failAt('AccessToken.upsert', 'reports an error')
      expect(served(await persist(patient, seed!))).toBe(0)
    })

    test('T2, T9: the faults catch a planted store that answers before the swap', async () => {
      patient = await admit(mongo, hasty)
      const [seed] = await patient.seed(1, 'pending')
      patient.failAt('swap approved', 'reports an error')
      const { deferrals } = patient.op.provider
      expect((await deferrals.approve(seed!.id)).changed).toBe(true)
      // by then it would be written
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect((await deferrals.get(seed!.id))?.status).toBe('pending')
    })
  })

  describe('and', () => {
    beforeAll(async () => {
      patient = await admit(mongo)
    })
    beforeEach(() => {
      patient.calls.length = 0
    })
    afterEach(() => patient.heal())
    afterAll(() => patient.close())

    test.each(faultsAt(['find', 'Grant.find', 'AccessToken.upsert', 'RefreshToken.upsert']))(
      'I1, I2, T2, T9: a redemption whose %s %s is server_error and loses nothing',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'approved')
        patient.failAt(call, kind)
        expect(await persist(patient, seed!)).toEqual([`${statusOf(kind)} server_error`, 'tokens', '400 invalid_grant'])
        expect(await alive(patient, seed!)).toEqual([1, 1])
      },
    )

    test.each(faults)('I1, I2, T9: a redemption whose one write %s discloses its tokens, once', async (kind) => {
      const [seed] = await patient.seed(1, 'approved')
      patient.failAt('swap redeemed', kind)
      expect(await persist(patient, seed!)).toEqual(once)
      expect(await alive(patient, seed!)).toEqual([1, 1])
      // what was applied is found, and not written again
      const swaps = patient.calls.filter((call) => call === 'swap redeemed')
      expect(swaps).toHaveLength(kinds[kind].applied ? 1 : 2)
    })

    test.each(faults)('I1, I2, T9: a redemption whose write %s again and again loses nothing', async (kind) => {
      const [seed] = await patient.seed(1, 'approved')
      patient.failAt('swap redeemed', kind, kinds[kind].times)
      const isThere = kinds[kind].applied
      expect(await persist(patient, seed!)).toEqual(
        isThere ? once : [`${statusOf(kind)} server_error`, ...once.slice(0, 2)],
      )
    })

    test.each(faults)(
      'I1, T9: a redemption whose write %s, and which cannot be looked at, discloses nothing twice',
      async (kind) => {
        const [seed] = await patient.seed(1, 'approved')
        // the write, the ping and the read in doubt
        patient.failAt('swap redeemed', kind)
        patient.failAt('find in doubt', 'closes the connection, twice', 8, ['ping', 'find'])
        const heard = await persist(patient, seed!)
        expect(heard[0]).toMatch(/^50[03] server_error$/)
        expect(served(heard)).toBe(kinds[kind].applied ? 0 : 1)
        expect(heard.at(-1)).toBe('400 invalid_grant')
      },
    )

    test.each(faultsAt(['find', 'Grant.find']))(
      'T9: an exchange whose %s %s is server_error and spends no code',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'requested')
        patient.failAt(call, kind)
        expect(await patient.rp.exchange(seed!.deferredCode)).toMatchObject(serverError(kind))
        await patient.heal()
        expect((await patient.op.provider.deferrals.get(seed!.id))!.exchangedAt).toBeUndefined()
        expect((await patient.rp.exchange(seed!.deferredCode)).status).toBe(200)
      },
    )

    test.each(faults)('T9: an exchange whose one write %s gives the client its handle', async (kind) => {
      const [seed] = await patient.seed(1, 'requested')
      patient.failAt('swap exchanged', kind)
      const { status, body } = await patient.rp.exchange(seed!.deferredCode)
      expect(status).toBe(200)
      await patient.heal()
      expect(await patient.rp.poll(body.deferred_auth_id)).toMatchObject({ body: { error: 'authorization_pending' } })
    })

    test('I5, T9: an approval whose find fails rejects and can be repeated', async () => {
      const [seed] = await patient.seed(1, 'pending')
      const { deferrals } = patient.op.provider
      patient.failAt('find', 'reports an error')
      await expect(deferrals.approve(seed!.id)).rejects.toThrow('deferral store failed')
      await patient.heal()
      expect((await deferrals.approve(seed!.id)).changed).toBe(true)
    })

    test.each(faults)('I5, T9: an approval whose one write %s has changed the deferral, once', async (kind) => {
      const [seed] = await patient.seed(1, 'pending')
      const { deferrals } = patient.op.provider
      patient.failAt('swap approved', kind)
      expect(await deferrals.approve(seed!.id, { by: 'first' })).toMatchObject({ changed: true })
      await patient.heal()
      expect(await deferrals.approve(seed!.id, { by: 'second' })).toMatchObject({
        changed: false,
        deferral: { status: 'approved', decision: { by: 'first' } },
      })
    })

    test.each(faults)('I5, T9: an approval whose write %s again and again can be repeated', async (kind) => {
      const [seed] = await patient.seed(1, 'pending')
      const { deferrals } = patient.op.provider
      patient.failAt('swap approved', kind, kinds[kind].times)
      const first = await deferrals.approve(seed!.id, { by: 'first' }).catch(() => undefined)
      await patient.heal()
      const second = await deferrals.approve(seed!.id, { by: 'second' })
      const isThere = kinds[kind].applied
      expect([first?.changed, second.changed]).toEqual(isThere ? [true, false] : [undefined, true])
      expect(second.deferral.decision?.by).toBe(isThere ? 'first' : 'second')
    })

    test.each([...faultsAt(['find']), ...faultsAt(['swap cancelled'])])(
      'I3, T9: a cancellation whose %s %s is server_error, or done; repeated, it is done',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'approved')
        patient.failAt(call, kind)
        const { status } = await patient.rp.cancel(seed!.deferredAuthId)
        expect(status).toBe(call === 'find' ? statusOf(kind) : 200)
        await patient.heal()
        expect(await patient.rp.cancel(seed!.deferredAuthId)).toMatchObject({ status: 200, body: {} })
        expect(await persist(patient, seed!)).toEqual(Array(3).fill('400 access_denied'))
      },
    )
  })
})
