import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idFrom } from '../../lib/deferral/handle.js'
import { describeMongo } from '../support/database.js'
import { grants, pollDeferral, redeem } from '../support/deferral.js'
import { relyingParty } from '../support/relying_party.js'
import {
  type Operation,
  type Planted,
  points,
  type Scene,
  setScene,
  strike,
  sweep,
  sweepPlanted,
  wrongUnless,
} from './crash.js'
import { burning, halfMaking, halving } from './crash_nodes.js'
import { living } from './living.js'
import { type CodeSeed, codeSeeder, type OauthSeed, oauthSeeder } from './oauth_seed.js'

type Seeding = Awaited<ReturnType<typeof oauthSeeder>>

const opted = { completion_mode: 'deferred' }
const until = new Date(Date.now() + 3_600_000)

let codes: (count: number) => Promise<CodeSeed[]>
const seeders = new Map<string, Seeding>()

const seeded = (grant: (typeof grants)[number], stage: 'pending' | 'approved') => async () =>
  (await seeders.get(grant)!(1, stage))[0] as OauthSeed

const request: Operation<CodeSeed> = {
  prepare: async () => (await codes(1))[0] as CodeSeed,
  write: 'insert',
  act: ({ origin }, { code }, key) => redeem(relyingParty(origin, 'secret', key), code, opted),
  // README: the code is spent from then on, and a client that lost the answer starts over
  async aftermath({ rp, survivor, database: { db } }, { code, grantId }, written, passed) {
    const before = await survivor.deferrals.get(idFrom(code))
    const { status, body } = await redeem(rp, code, opted)
    const after = await survivor.deferrals.get(idFrom(code))
    const left = await db.collection('deferrals').countDocuments({ grantId })
    const [access, refresh] = await living(db, 'authorization_code', grantId)
    const found = [before?.status, status, body.error, 'deferral_code' in body, after?.status, left, access, refresh]
    const spent = passed.includes('after AuthorizationCode.consume')
    if (!spent) return wrongUnless([undefined, 400, 'authorization_pending', true, 'pending', 1, [], []], found)
    const [was, is, count] = written ? ['pending', 'cancelled', 1] : [undefined, undefined, 0]
    return wrongUnless([was, 400, 'invalid_grant', false, is, count, [], []], found)
  },
}

const decide: Operation<OauthSeed> = {
  prepare: seeded('client_credentials', 'pending'),
  write: 'swap approved',
  act: ({ deferrals }, { id }) => deferrals.approve(id, { by: 'victim', until }),
  async aftermath({ rp, survivor: { deferrals } }, { id, deferralCode }, written) {
    const found = await deferrals.get(id)
    const { changed } = await deferrals.approve(id, { by: 'survivor' })
    const by = (await deferrals.deny(id)).deferral.decision?.by
    const { body } = await pollDeferral(rp, deferralCode)
    const isCapped = body.expires_in <= 3600
    return wrongUnless(
      written ? ['approved', 'victim', false, 'victim', true] : ['pending', undefined, true, 'survivor', true],
      [found?.status, found?.decision?.by, changed, by, isCapped],
    )
  },
}

const redemption = (grant: (typeof grants)[number]): Operation<OauthSeed> => ({
  prepare: seeded(grant, 'approved'),
  write: 'swap redeemed',
  act: ({ origin }, { deferralCode }, key) => pollDeferral(relyingParty(origin, 'secret', key), deferralCode),
  async aftermath({ rp, database: { db } }, { deferralCode, grantId }, written) {
    const poll = async () => {
      const { status, body } = await pollDeferral(rp, deferralCode)
      return status === 200 ? 'tokens' : body.error
    }
    // nothing is left of the dead one that anybody would have to wait for
    const answers = [await poll(), await poll()]
    // minted by the dead one, never disclosed, ending by its own expiry: one set at most beside the disclosed one
    const sets = grantId === undefined ? 0 : (await living(db, grant, grantId))[0].length
    const expected = written ? ['invalid_grant', 'invalid_grant'] : ['tokens', 'invalid_grant']
    return wrongUnless([...expected, true], [...answers, sets <= (written ? 1 : 2)])
  },
})

describeMongo('a provider of the oauth profile dies', () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await setScene()
    const { database, survivor } = scene
    codes = await codeSeeder(mongoAdapter(database.db), survivor.origin)
    for (const grant of grants) seeders.set(grant, await oauthSeeder(database.db, survivor.origin, grant))
  })
  afterAll(() => strike(scene))

  function inTheMiddleOf<Prepared>(name: string, operation: Operation<Prepared>, planted: Planted): void {
    describe(`in the middle of ${name}`, () => {
      test(`I2, T2: the sweep catches the planted store ${planted.name}`, async () => {
        expect(await sweepPlanted(scene, operation, planted)).toEqual(expect.any(String))
      })

      test('I1, I2, I5, T2: nothing is half-made, lost before the write or doubled after it, wherever it dies', async () => {
        const places = await points(scene, operation)
        process.stderr.write(`${name}: ${places.length} places to die: ${places.join(', ')}\n`)
        expect(places).toEqual(expect.arrayContaining([`before ${operation.write}`, `after ${operation.write}`]))
        expect(await sweep(scene, operation, places)).toEqual([])
      })
    })
  }

  inTheMiddleOf('a token request that is deferred', request, halfMaking)
  inTheMiddleOf('a decision', decide, halving)
  for (const grant of grants) inTheMiddleOf(`a redemption of ${grant}`, redemption(grant), burning)
})
