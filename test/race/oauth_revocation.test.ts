import { afterEach, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { grants, pollDeferral, revoke } from '../support/deferral.js'
import { contend, type Deployment, deploy, planted } from './deployment.js'
import { living } from './living.js'
import { manySeeds } from './many_seeds.js'
import { meeting } from './meeting.js'
import { type OauthSeed, oauthSeeder } from './oauth_seed.js'
import { seededRandom } from './random.js'

let deployment: Deployment

/** What was left of one round. */
interface Round {
  seed: OauthSeed
  /** access tokens the client was given */
  disclosed: string[]
  revocation: number
  status: string | undefined
  /** it was tried often enough */
  isLast: boolean
}

/** Polls on both nodes while one of them revokes. */
async function* races(grant: (typeof grants)[number], random: () => number): AsyncGenerator<Round> {
  const { db, nodes, parties } = deployment
  const plant = await oauthSeeder(db, nodes[0].origin, grant)
  const { meet, won, isOver } = meeting(random)
  for await (const seed of manySeeds((count) => plant(count, 'approved'))) {
    const [answers, { status: revocation }] = await meet(
      () => contend(4, parties, (rp) => pollDeferral(rp, seed.deferralCode)),
      () => revoke(parties[1], seed.deferralCode),
    )
    const status = (await nodes[0].deferrals.get(seed.id))?.status
    won(status === 'cancelled' ? 'second' : 'first')
    const disclosed = answers.filter((answer) => answer.status === 200).map(({ body }) => body.access_token)
    yield { seed, disclosed, revocation, status, isLast: isOver() }
  }
}

describeMongo('revoke against redeem over two provider processes', () => {
  afterEach(() => deployment.stop())

  describe.each(grants)('%s', (grant) => {
    test('I3, T3: the race catches a redemption that no write decides, which both cancels and discloses tokens', async () => {
      deployment = await deploy({ store: planted('naive_nodes', 'undecided') })
      let both = 0
      for await (const { seed, disclosed, status } of races(grant, seededRandom(`planted revocation, ${grant}`))) {
        const later = await pollDeferral(deployment.parties[0], seed.deferralCode)
        const cancelled = status === 'cancelled' || later.body.error === 'access_denied'
        if (disclosed.length && cancelled) both += 1
        if (both) break
      }
      expect(both).toBe(1)
    })

    test('I-111 I-113 I-114 I1, I3, T3: never both; what a revoked redemption minted is destroyed', async () => {
      deployment = await deploy()
      const outcomes = new Map<string, number>()
      const delivered: string[] = []
      for await (const round of races(grant, seededRandom(`revocation, ${grant}`))) {
        const { seed, disclosed, revocation, status } = round
        expect([revocation, status, disclosed.length]).toEqual([200, status, status === 'cancelled' ? 0 : 1])
        delivered.push(...disclosed)
        const [access, refresh] = await living(deployment.db, grant, seed.grantId)
        expect(access).toEqual(grant === 'client_credentials' ? delivered.toSorted() : disclosed)
        expect(refresh).toHaveLength(grant === 'client_credentials' ? 0 : disclosed.length)
        const { body } = await pollDeferral(deployment.parties[0], seed.deferralCode)
        expect(body.error).toBe(status === 'cancelled' ? 'access_denied' : 'invalid_grant')
        outcomes.set(status as string, (outcomes.get(status as string) ?? 0) + 1)
        if (round.isLast) break
      }
      expect([...outcomes.keys()].sort()).toEqual(['cancelled', 'redeemed'])
      process.stderr.write(`${grant} ${JSON.stringify(Object.fromEntries(outcomes))}\n`)
    })
  })
})
