import { afterEach, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import type { Answer } from '../support/relying_party.js'
import { contend, type Deployment, deploy, liveTokens, planted } from './deployment.js'
import { manySeeds } from './many_seeds.js'
import type { Seed } from './seed.js'

const rounds = 12
const contenders = 8

let deployment: Deployment

const seeds = () => manySeeds((count) => deployment.seed(count, 'approved'))

async function redeem({ parties }: Deployment, { deferredAuthId }: Seed): Promise<Answer[]> {
  return contend(contenders, parties, (rp) => rp.poll(deferredAuthId))
}

const disclosed = (answers: Answer[]) => answers.filter(({ status }) => status === 200)

describeMongo('8 concurrent redemptions over two provider processes', () => {
  afterEach(() => deployment.stop())

  test.each([
    ['undecided', 'a redemption that no write decides'],
    ['unchecked', 'a swap without the revision in its filter'],
    ['hasty', 'an answer before the swap'],
  ])('I1, T1: the race catches %s, %s, which discloses several token sets', async (name) => {
    deployment = await deploy({ store: planted('naive_nodes', name) })
    let most = 0
    for await (const seed of seeds()) {
      most = Math.max(most, disclosed(await redeem(deployment, seed)).length)
      if (most > 1) break
    }
    expect(most).toBeGreaterThan(1)
  })

  test(`I1, I2, T1: disclose one token set in each of ${rounds} rounds or more, and nothing else is left alive`, async () => {
    deployment = await deploy({ adapter: planted('naive_nodes', 'noting') })
    let [round, doubles] = [0, 0]
    const losers = new Map<string, number>()
    for await (const seed of seeds()) {
      const answers = await redeem(deployment, seed)
      const [tokens, ...others] = disclosed(answers)
      expect(others).toEqual([])
      expect(await liveTokens(deployment.db, 'access_token', seed.grantId)).toEqual([tokens?.body.access_token])
      expect(await liveTokens(deployment.db, 'refresh_token', seed.grantId)).toEqual([tokens?.body.refresh_token])
      if ((await deployment.db.collection('minted').countDocuments({ grantId: seed.grantId })) > 1) doubles += 1
      for (const { status, body } of answers) {
        if (status === 200) continue
        expect([status, body.error]).toEqual([400, expect.stringMatching(/^(authorization_pending|invalid_grant)$/)])
        losers.set(body.error, (losers.get(body.error) ?? 0) + 1)
      }
      round += 1
      if (round >= rounds && losers.size > 1 && doubles > 0) break
    }
    // both kinds of loser were there: one met a mint under way on its node, the other a record that was redeemed
    expect([...losers.keys()].sort()).toEqual(['authorization_pending', 'invalid_grant'])
    // and both nodes minted at once
    expect(doubles).toBeGreaterThan(0)
    process.stderr.write(`losers ${JSON.stringify(Object.fromEntries(losers))}, minted twice in ${doubles} rounds\n`)
  })
})
