import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { describeMongo } from '../support/database.js'
import type { Mongo } from '../support/mongod.js'
import { liveTokens } from './deployment.js'
import { admit, burning, faultsAt, type Kind, kinds, type Patient, startFragileMongo, swallowing } from './faults.js'
import type { Seed } from './seed.js'

const leaseSeconds = 15
const faults = Object.keys(kinds) as Kind[]
let mongo: Mongo
let patient: Patient

/** Polls until the lease of a redemption that failed is over; what the client was told, in order. */
async function persist({ rp, op }: Patient, { deferredAuthId }: Seed): Promise<string[]> {
  const heard: string[] = []
  for (let poll = 0; poll < 4; poll++) {
    const { status, body } = await rp.poll(deferredAuthId)
    heard.push(status === 200 ? 'tokens' : `${status} ${body.error}`)
    await patient.heal()
    if (body.error === 'authorization_pending') op.clock.advance(leaseSeconds + 1)
  }
  return heard
}

const served = (heard: string[]) => heard.filter((one) => one === 'tokens').length

describeMongo('the database fails', () => {
  beforeAll(async () => {
    mongo = await startFragileMongo()
  }, 60_000)
  afterAll(() => mongo.stop())
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

  describe('and', () => {
    beforeEach(async () => {
      patient = await admit(mongo)
    })

    test.each(faultsAt(['find', 'claim', 'Grant.find', 'AccessToken.upsert', 'RefreshToken.upsert']))(
      'I1, I2, T2, T9: a redemption whose %s %s is server_error and loses nothing',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'approved')
        patient.failAt(call, kind)
        const heard = await persist(patient, seed!)
        // what the database did without being able to say so, the lease undoes; any other claim is given back at once
        const leased = call === 'claim' && kinds[kind].applied
        const [pending, late] = [leased ? ['400 authorization_pending'] : [], leased ? [] : ['400 invalid_grant']]
        expect(heard).toEqual(['500 server_error', ...pending, 'tokens', '400 invalid_grant', ...late])
        expect(await liveTokens(patient.db, 'access_token', seed!.grantId)).toHaveLength(1)
        expect(await liveTokens(patient.db, 'refresh_token', seed!.grantId)).toHaveLength(1)
      },
    )

    test.each(faults)(
      'I1, I2, T9: a finalise that %s is tried once more and the tokens are disclosed',
      async (kind) => {
        const [seed] = await patient.seed(1, 'approved')
        patient.failAt('finalise', kind)
        expect(await persist(patient, seed!)).toEqual(['tokens', ...Array(3).fill('400 invalid_grant')])
        expect(patient.calls.filter((verb) => verb === 'finalise')).toHaveLength(2)
      },
    )

    test.each(faults)('I1, I2, T9: a finalise that %s for good discloses nothing, and nothing twice', async (kind) => {
      const [seed] = await patient.seed(1, 'approved')
      patient.failAt('finalise', kind, kinds[kind].times)
      const heard = await persist(patient, seed!)
      expect(heard[0]).toBe('500 server_error')
      expect(served(heard)).toBe(kinds[kind].applied ? 0 : 1)
      expect(heard[3]).toBe('400 invalid_grant')
    })

    test.each(faultsAt(['find', 'Grant.find']))(
      'T9: an exchange whose %s %s is server_error and spends no code',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'requested')
        patient.failAt(call, kind)
        expect(await patient.rp.exchange(seed!.deferredCode)).toMatchObject({
          status: 500,
          body: { error: 'server_error' },
        })
        await patient.heal()
        expect((await patient.op.provider.deferrals.get(seed!.id))!.exchangedAt).toBeUndefined()
        expect((await patient.rp.exchange(seed!.deferredCode)).status).toBe(200)
      },
    )

    test.each(faults)('T9: an exchange whose one write %s loses neither code nor handle', async (kind) => {
      const [seed] = await patient.seed(1, 'requested')
      patient.failAt('exchange', kind)
      const first = await patient.rp.exchange(seed!.deferredCode)
      expect(first.status).toBe(kinds[kind].applied ? 200 : 500)
      await patient.heal()
      const { body } = kinds[kind].applied ? first : await patient.rp.exchange(seed!.deferredCode)
      expect(await patient.rp.poll(body.deferred_auth_id)).toMatchObject({ body: { error: 'authorization_pending' } })
    })

    test.each(faultsAt(['find', 'decide']))(
      'I5, T9: an approval whose %s %s rejects and can be repeated',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'pending')
        const { deferrals } = patient.op.provider
        patient.failAt(call, kind)
        await expect(deferrals.approve(seed!.id, { by: 'first' })).rejects.toThrow('deferral store failed')
        await patient.heal()
        const { changed, deferral } = await deferrals.approve(seed!.id, { by: 'second' })
        const there = kinds[kind].applied
        expect([changed, deferral.status, deferral.decision?.by]).toEqual([
          !there,
          'approved',
          there ? 'first' : 'second',
        ])
        expect((await deferrals.deny(seed!.id)).changed).toBe(false)
      },
    )

    test.each(faultsAt(['find', 'cancel']))(
      'I3, T9: a cancellation whose %s %s is server_error and can be repeated',
      async (call, kind) => {
        const [seed] = await patient.seed(1, 'approved')
        patient.failAt(call, kind)
        expect(await patient.rp.cancel(seed!.deferredAuthId)).toMatchObject({
          status: 500,
          body: { error: 'server_error' },
        })
        await patient.heal()
        expect(await patient.rp.cancel(seed!.deferredAuthId)).toMatchObject({ status: 200, body: {} })
        expect(served(await persist(patient, seed!))).toBe(0)
      },
    )
  })
})
