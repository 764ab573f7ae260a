import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { relyingParty } from '../support/relying_party.js'
import {
  crashAt,
  type Operation,
  type Planted,
  points,
  type Scene,
  setScene,
  startMortalProcess,
  strike,
  sweep,
  sweepPlanted,
  wrongUnless,
} from './crash.js'
import { burning, halving, hasty, spending } from './crash_nodes.js'
import { liveTokens } from './deployment.js'
import type { Seed, Stage } from './seed.js'

const at = (stage: Stage) => async (scene: Scene) => (await scene.seed(1, stage))[0] as Seed

const exchange: Operation<Seed> = {
  prepare: at('requested'),
  write: 'swap exchanged',
  act: ({ origin }, { deferredCode }, key) => relyingParty(origin, 'secret', key).exchange(deferredCode),
  async aftermath({ rp }, { deferredCode }, written) {
    const again = await rp.exchange(deferredCode)
    return wrongUnless(written ? [400, 'invalid_grant'] : [200, undefined], [again.status, again.body.error])
  },
}

const decide: Operation<Seed> = {
  prepare: at('pending'),
  write: 'swap approved',
  act: ({ deferrals }, { id }) => deferrals.approve(id, { by: 'victim', scope: 'openid' }),
  async aftermath({ survivor: { deferrals } }, { id }, written) {
    const found = await deferrals.get(id)
    const { changed } = await deferrals.approve(id, { by: 'survivor', scope: 'openid' })
    const { deferral } = await deferrals.deny(id)
    const of = ({ status, decision }: typeof deferral) => [status, decision?.by, decision?.scope?.join(' ')]
    const decided = (by: string) => ['approved', by, 'openid']
    return wrongUnless(
      written
        ? [...decided('victim'), false, ...decided('victim')]
        : ['pending', null, null, true, ...decided('survivor')],
      [...of(found!), changed, ...of(deferral)],
    )
  },
}

const redeem: Operation<Seed> = {
  prepare: at('approved'),
  write: 'swap redeemed',
  act: ({ origin }, { deferredAuthId }, key) => relyingParty(origin, 'secret', key).poll(deferredAuthId),
  async aftermath({ rp, database: { db } }, { deferredAuthId, grantId }, written) {
    const poll = async () => {
      const { status, body } = await rp.poll(deferredAuthId)
      return status === 200 ? 'tokens' : body.error
    }
    // nothing is left of the dead one that anybody would have to wait for
    const answers = [await poll(), await poll()]
    const expected = written ? ['invalid_grant', 'invalid_grant'] : ['tokens', 'invalid_grant']
    const orphans = (await liveTokens(db, 'access_token', grantId)).length
    // minted by the dead one, never disclosed, ending by its own expiry: one set at most beside the disclosed one
    return wrongUnless([...expected, true], [...answers, orphans <= (written ? 1 : 2)])
  },
}

const operations = { exchange, decide, redeem }
const naive = { exchange: { spending, hasty }, decide: { halving, hasty }, redeem: { burning, hasty } }

describeMongo('a provider dies', () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await setScene()
  })
  afterAll(() => strike(scene))

  describe.each(Object.entries(operations))('in the middle of %s', (name, operation) => {
    test.each(Object.entries<Planted>(naive[name as keyof typeof naive]))(
      'I2, T2: the sweep catches the planted store %s',
      async (_name, store) => {
        expect(await sweepPlanted(scene, operation, store)).toEqual(expect.any(String))
      },
    )

    test('I1, I2, I5, T2: nothing is lost before the write and nothing doubled after it, wherever it dies', async () => {
      const places = await points(scene, operation)
      process.stderr.write(`${name}: ${places.length} places to die: ${places.join(', ')}\n`)
      expect(places).toEqual(expect.arrayContaining([`before ${operation.write}`, `after ${operation.write}`]))
      expect(await sweep(scene, operation, places)).toEqual([])
    })
  })

  test('I1, I2, T2: a process that is killed right before or after the write of a redemption leaves the same', async () => {
    const places = await points(scene, redeem)
    const crash = (place: string) =>
      crashAt(scene, redeem, places, places.indexOf(place) + 1, () => startMortalProcess(scene, place))
    const ends = [`before ${redeem.write}`, `after ${redeem.write}`]
    expect(await Promise.all(ends.map(crash))).toEqual([undefined, undefined])
  })
})
