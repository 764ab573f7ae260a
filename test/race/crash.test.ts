import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeMongo } from '../support/database.js'
import { relyingParty } from '../support/relying_party.js'
import { crashAt, type Operation, points, type Scene, setScene, strike } from './crash.js'
import { liveTokens } from './deployment.js'

const wrongUnless = (expected: unknown[], found: unknown[]) =>
  JSON.stringify(expected) === JSON.stringify(found)
    ? undefined
    : `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`

const exchange: Operation = {
  stage: 'requested',
  write: 'exchange',
  act: ({ origin }, { deferredCode }, key) => relyingParty(origin, 'secret', key).exchange(deferredCode),
  async aftermath({ rp }, { deferredCode }, written) {
    const again = await rp.exchange(deferredCode)
    return wrongUnless(written ? [400, 'invalid_grant'] : [200, undefined], [again.status, again.body.error])
  },
}

const decide: Operation = {
  stage: 'pending',
  write: 'decide',
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

const redeem: Operation = {
  stage: 'approved',
  write: 'finalise',
  act: ({ origin }, { deferredAuthId }, key) => relyingParty(origin, 'secret', key).poll(deferredAuthId),
  async aftermath({ rp, database: { db } }, { id, deferredAuthId, grantId }, written) {
    const poll = async () => {
      const { status, body } = await rp.poll(deferredAuthId)
      return status === 200 ? 'tokens' : body.error
    }
    const answers = [await poll()]
    // the lease is what a crashed redemption leaves: it ends by itself, here at once
    const deferrals = db.collection<{ _id: string }>('deferrals')
    if (answers[0] === 'authorization_pending') {
      await deferrals.updateOne({ _id: id }, { $set: { 'claim.until': new Date() } })
      answers[0] = await poll()
    }
    answers.push(await poll())
    const expected = written ? ['invalid_grant', 'invalid_grant'] : ['tokens', 'invalid_grant']
    const orphans = (await liveTokens(db, 'access_token', grantId)).length
    // minted by the dead one, never disclosed, ending by its own expiry: one set at most beside the disclosed one
    return wrongUnless([...expected, true], [...answers, orphans <= (written ? 1 : 2)])
  },
}

const operations = { exchange, decide, redeem }
const naive = { exchange: 'spending', decide: 'halving', redeem: 'burning' }

describeMongo('a provider process dies', () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await setScene()
  }, 60_000)
  afterAll(() => strike(scene))

  describe.each(Object.entries(operations))('in the middle of %s', (name, operation) => {
    test('I2, T2: the sweep catches a planted store', async () => {
      const store = naive[name as keyof typeof naive]
      const places = await points(scene, operation, store)
      const wrong: string[] = []
      for (let at = places.length; at > 0 && !wrong.length; at--) {
        wrong.push(...[await crashAt(scene, operation, store, places, at)].filter((one) => one !== undefined))
      }
      expect(wrong).toHaveLength(1)
    }, 120_000)

    test('I1, I2, I5, T2: nothing is lost before the write and nothing doubled after it, wherever it dies', async () => {
      const places = await points(scene, operation, 'store')
      process.stderr.write(`${name}: ${places.length} places to die: ${places.join(', ')}\n`)
      expect(places).toEqual(expect.arrayContaining([`before ${operation.write}`, `after ${operation.write}`]))
      const ats = places.map((_, index) => index + 1)
      const wrong: (string | undefined)[] = []
      while (ats.length) {
        const pair = ats.splice(0, 2)
        wrong.push(...(await Promise.all(pair.map((at) => crashAt(scene, operation, 'store', places, at)))))
      }
      expect(wrong.filter(Boolean)).toEqual([])
    }, 240_000)
  })
})
