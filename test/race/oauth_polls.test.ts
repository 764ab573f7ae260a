import { afterEach, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { grants, pollDeferral } from '../support/deferral.js'
import type { Answer } from '../support/relying_party.js'
import { contend, type Deployment, deploy, planted } from './deployment.js'
import { living } from './living.js'
import { manySeeds } from './many_seeds.js'
import { oauthSeeder } from './oauth_seed.js'

const rounds = 12
const contenders = 8

let deployment: Deployment

/** As many polls at once of each of these deferrals, one deferral after the other. */
async function* races(grant: (typeof grants)[number]) {
  const { db, nodes, parties } = deployment
  const seed = await oauthSeeder(db, nodes[0].origin, grant)
  for await (const one of manySeeds((count) => seed(count, 'approved'))) {
    yield { seed: one, answers: await contend(contenders, parties, (rp) => pollDeferral(rp, one.deferralCode)) }
  }
}

const disclosed = (answers: Answer[]) => answers.filter(({ status }) => status === 200)

describeMongo('8 concurrent polls with a deferral_code over two provider processes', () => {
  afterEach(() => deployment.stop())

  describe.each(grants)('%s', (grant) => {
    test('I1, T1: the race catches a redemption that no write decides, which discloses several token sets', async () => {
      deployment = await deploy({ store: planted('naive_nodes', 'undecided') })
      let most = 0
      for await (const { answers } of races(grant)) {
        most = Math.max(most, disclosed(answers).length)
        if (most > 1) break
      }
      expect(most).toBeGreaterThan(1)
    })

    test(`I-062 I1, I2, T1: disclose one token set in each of ${rounds} rounds or more, and nothing else is left alive`, async () => {
      deployment = await deploy()
      const losers = new Map<string, number>()
      const all = new Set<string>()
      let round = 0
      for await (const { seed, answers } of races(grant)) {
        const [tokens, ...others] = disclosed(answers)
        expect(others).toEqual([])
        all.add(tokens?.body.access_token)
        const [access, refresh] = await living(deployment.db, grant, seed.grantId)
        expect(access).toEqual(grant === 'client_credentials' ? [...all].sort() : [tokens?.body.access_token])
        expect(refresh).toEqual([tokens?.body.refresh_token].filter(Boolean))
        for (const { status, body } of answers) {
          if (status === 200) continue
          expect([status, body.error]).toEqual([400, expect.stringMatching(/^(authorization_pending|invalid_grant)$/)])
          losers.set(body.error, (losers.get(body.error) ?? 0) + 1)
        }
        round += 1
        if (round >= rounds && losers.size > 1) break
      }
      expect(all.size).toBe(round)
      // both kinds of loser were there: one met a mint under way on its node, the other a record that was redeemed
      expect([...losers.keys()].sort()).toEqual(['authorization_pending', 'invalid_grant'])
      process.stderr.write(`${grant} losers ${JSON.stringify(Object.fromEntries(losers))}\n`)
    })
  })
})
