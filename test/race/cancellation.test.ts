import { afterEach, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { contend, type Deployment, deploy, liveTokens, planted } from './deployment.js'
import { manySeeds } from './many_seeds.js'
import { meeting } from './meeting.js'
import { seededRandom } from './random.js'
import type { Seed } from './seed.js'

let deployment: Deployment

/** What was left of one round. */
interface Round {
  seed: Seed
  disclosed: number
  /** by the operator, who is told; the client's own cancellation is always answered the same */
  acknowledged: boolean | undefined
  status: string | undefined
  /** it was tried often enough */
  isLast: boolean
}

/** Polls on both nodes while one of them cancels. */
async function* races(random: () => number): AsyncGenerator<Round> {
  const { meet, won, isOver } = meeting(random)
  let isOperators = false
  for await (const seed of manySeeds((count) => deployment.seed(count, 'approved'))) {
    const { id, deferredAuthId } = seed
    isOperators = !isOperators
    const [{ deferrals }] = deployment.nodes
    const poll = () => contend(4, deployment.parties, (rp) => rp.poll(deferredAuthId))
    const cancel = async () => {
      if (isOperators) return (await deferrals.cancel(id)).changed
      await deployment.parties[1].cancel(deferredAuthId)
      return undefined
    }
    const [answers, acknowledged] = await meet(poll, cancel)
    const status = (await deferrals.get(id))?.status
    won(status === 'cancelled' ? 'second' : 'first')
    const disclosed = answers.filter((answer) => answer.status === 200).length
    yield { seed, disclosed, status, acknowledged, isLast: isOver() }
  }
}

describeMongo('cancel against redeem over two provider processes', () => {
  afterEach(() => deployment.stop())

  test('I3, T3: the race catches a swap without the revision in its filter, which both cancels and discloses tokens', async () => {
    deployment = await deploy({ store: planted('naive_nodes', 'unchecked') })
    let both = 0
    for await (const round of races(seededRandom('naive cancellation'))) {
      if (round.disclosed && (round.status === 'cancelled' || round.acknowledged)) both += 1
      if (both) break
    }
    expect(both).toBe(1)
  })

  test('I1, I3, T3: never both; what a cancelled redemption minted is destroyed', async () => {
    deployment = await deploy()
    const outcomes = new Set<string>()
    for await (const round of races(seededRandom('cancellation'))) {
      const { seed, disclosed, acknowledged, status } = round
      const living = await liveTokens(deployment.db, 'access_token', seed.grantId)
      expect([status, disclosed, living.length]).toEqual(status === 'cancelled' ? [status, 0, 0] : ['redeemed', 1, 1])
      if (acknowledged !== undefined) expect(acknowledged).toBe(status === 'cancelled')
      const { body } = await deployment.parties[0].poll(seed.deferredAuthId)
      expect(body.error).toBe(status === 'cancelled' ? 'access_denied' : 'invalid_grant')
      outcomes.add(status as string)
      if (round.isLast) break
    }
    expect([...outcomes].sort()).toEqual(['cancelled', 'redeemed'])
  })
})
