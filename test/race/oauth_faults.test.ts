import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { idFrom } from '../../lib/deferral/handle.js'
import { describeMongo } from '../support/database.js'
import { grants, pollDeferral, redeem, revoke } from '../support/deferral.js'
import type { Mongo } from '../support/mongod.js'
import { admit, faultsAt, type Kind, kinds, type Patient, serverError, startFragileMongo, statusOf } from './faults.js'
import { living } from './living.js'
import { burning, swallowing } from './naive_stores.js'
import { aCode, one, persist } from './oauth_faults.js'
import type { CodeSeed } from './oauth_seed.js'

const faults = Object.keys(kinds) as Kind[]
const once = ['tokens', '400 invalid_grant', '400 invalid_grant']
const opted = { completion_mode: 'deferred' }

let mongo: Mongo
let patient: Patient

const deferralOf = ({ code }: CodeSeed) => patient.op.provider.deferrals.get(idFrom(code))
const served = (heard: string[]) => heard.filter((told) => told === 'tokens').length

describeMongo('the database fails a provider of the oauth profile', () => {
  beforeAll(async () => {
    mongo = await startFragileMongo()
  }, 120_000)
  afterAll(() => mongo.stop())

  describe('whose store is planted', () => {
    afterEach(() => patient.close())

    test('T2, T9: the faults catch one that takes them for a lost race', async () => {
      patient = await admit(mongo, swallowing)
      const seed = await one(patient, 'client_credentials', 'approved')
      patient.failAt('find', 'reports an error')
      expect((await persist(patient, seed))[0]).toBe('400 invalid_grant')
    })

    test('T2, T9: the faults catch one that marks before it mints', async () => {
      patient = await admit(mongo, burning)
      const seed = await one(patient, 'client_credentials', 'approved')
      patient.failAt('ClientCredentials.upsert', 'reports an error')
      expect(served(await persist(patient, seed))).toBe(0)
    })
  })

  describe('and', () => {
    beforeAll(async () => {
      patient = await admit(mongo)
    })
    afterEach(() => patient.heal())
    afterAll(() => patient.close())

    test.each(faultsAt(['AuthorizationCode.find', 'Grant.find', 'AuthorizationCode.consume', 'insert']))(
      'T9: a token request whose %s %s is never refused for it, and costs no more than the code',
      async (call, kind) => {
        const seed = await aCode(patient)
        patient.failAt(call, kind)
        const first = await redeem(patient.rp, seed.code, opted)
        await patient.heal()
        const isMade = call === 'insert' && kinds[kind].applied
        expect(first).toMatchObject(
          isMade ? { status: 400, body: { error: 'authorization_pending' } } : serverError(kind),
        )
        const spent = call === 'insert' || (call === 'AuthorizationCode.consume' && kinds[kind].applied)
        expect((await deferralOf(seed))?.status).toBe(isMade ? 'pending' : undefined)
        const { body } = isMade ? first : await redeem(patient.rp, seed.code, opted)
        if (spent && !isMade) {
          expect([body.error, await deferralOf(seed)]).toEqual(['invalid_grant', undefined])
          return
        }
        await patient.op.provider.deferrals.approve(idFrom(seed.code))
        expect((await pollDeferral(patient.rp, body.deferral_code)).status).toBe(200)
      },
    )

    test.each(faultsAt(['insert']))(
      'T9: a client credentials request whose %s %s is never refused for it, and can be repeated',
      async (call, kind) => {
        const count = () => patient.db.collection('deferrals').countDocuments({ grantType: 'client_credentials' })
        const before = await count()
        const send = () => patient.rp.token({ grant_type: 'client_credentials', ...opted })
        patient.failAt(call, kind)
        const first = await send()
        await patient.heal()
        const isMade = kinds[kind].applied
        expect(first).toMatchObject(
          isMade ? { status: 400, body: { error: 'authorization_pending' } } : serverError(kind),
        )
        expect(await count()).toBe(before + (isMade ? 1 : 0))
        const { body } = isMade ? first : await send()
        expect((await pollDeferral(patient.rp, body.deferral_code)).body.error).toBe('authorization_pending')
      },
    )

    test.each(faultsAt(['find']))('C-I16 T9: a pending poll whose %s %s is server_error', async (call, kind) => {
      const { deferralCode } = await one(patient, 'authorization_code', 'pending')
      patient.failAt(call, kind)
      expect(await pollDeferral(patient.rp, deferralCode)).toMatchObject(serverError(kind))
      await patient.heal()
      expect((await pollDeferral(patient.rp, deferralCode)).body.error).toBe('authorization_pending')
    })

    const minting = {
      authorization_code: ['Grant.find', 'AccessToken.upsert', 'RefreshToken.upsert'],
      client_credentials: ['ClientCredentials.upsert'],
    }
    const redemptions = grants.flatMap((grant) =>
      faultsAt(['find', ...minting[grant]]).map((fault) => [grant, ...fault] as const),
    )

    test.each(redemptions)(
      'I1, I2, T2, T9: a redemption of %s whose %s %s is server_error and loses nothing',
      async (grant, call, kind) => {
        const seed = await one(patient, grant, 'approved')
        const [before] = await living(patient.db, grant, seed.grantId)
        patient.failAt(call, kind)
        const heard = await persist(patient, seed)
        expect(heard).toEqual([`${statusOf(kind)} server_error`, 'tokens', '400 invalid_grant'])
        const [after, refresh] = await living(patient.db, grant, seed.grantId)
        expect([after.length, refresh.length]).toEqual([before.length + 1, grant === 'client_credentials' ? 0 : 1])
      },
    )

    const writes = grants.flatMap((grant) => faults.map((kind) => [grant, kind] as const))

    test.each(writes)(
      'I1, I2, T9: a redemption of %s whose one write %s discloses its tokens, once',
      async (grant, kind) => {
        const seed = await one(patient, grant, 'approved')
        const [before] = await living(patient.db, grant, seed.grantId)
        patient.failAt('swap redeemed', kind)
        expect(await persist(patient, seed)).toEqual(once)
        expect(await living(patient.db, grant, seed.grantId)).toMatchObject([{ length: before.length + 1 }, {}])
      },
    )

    test.each(writes)(
      'I1, I2, T9: a redemption of %s whose write %s again and again loses nothing',
      async (grant, kind) => {
        const seed = await one(patient, grant, 'approved')
        patient.failAt('swap redeemed', kind, kinds[kind].times)
        const isThere = kinds[kind].applied
        expect(await persist(patient, seed)).toEqual(
          isThere ? once : [`${statusOf(kind)} server_error`, ...once.slice(0, 2)],
        )
      },
    )

    test.each(faultsAt(['find', 'swap cancelled', 'AccessToken.find']))(
      'I-117 I3, T9: a revocation whose %s %s is server_error, or done; repeated, it is done',
      async (call, kind) => {
        const seed = await one(patient, 'authorization_code', 'approved')
        // the host looks for tokens of every kind at once, and each of them tries twice
        patient.failAt(call, kind, call.endsWith('find') ? 6 : 0)
        expect((await revoke(patient.rp, seed.deferralCode)).status).toBe(
          call === 'swap cancelled' ? 200 : statusOf(kind),
        )
        await patient.heal()
        expect((await revoke(patient.rp, seed.deferralCode)).status).toBe(200)
        expect(await persist(patient, seed)).toEqual(Array(3).fill('400 access_denied'))
      },
    )

    test.each(faultsAt(['AuthorizationCode.find', 'AccessToken.revokeByGrantId', 'swap cancelled']))(
      'C-I17 T9: a replay of the code whose %s %s is server_error, or refused; repeated, no token is alive',
      async (call, kind) => {
        const code = await aCode(patient)
        const { body } = await redeem(patient.rp, code.code, opted)
        patient.failAt(call, kind)
        const replayed = await redeem(patient.rp, code.code, opted)
        expect(replayed.body.error).toBe(call === 'swap cancelled' ? 'invalid_grant' : 'server_error')
        await patient.heal()
        expect((await redeem(patient.rp, code.code, opted)).body.error).toBe('invalid_grant')
        await patient.op.provider.deferrals.approve(idFrom(code.code))
        expect(await persist(patient, { deferralCode: body.deferral_code })).toEqual(Array(3).fill('400 access_denied'))
        expect(await living(patient.db, 'authorization_code', code.grantId)).toEqual([[], []])
      },
    )
  })
})
