import { setTimeout as after } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { contend, type Deployment, deploy, liveTokens, planted } from './deployment.js'
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
}

/** Polls on both nodes while one of them cancels. The start of the later of the two moves towards where they meet. */
async function* rounds(seeds: Seed[], random: () => number): AsyncGenerator<Round> {
  let offset = 0
  for (const [index, seed] of seeds.entries()) {
    const { id, deferredAuthId } = seed
    const [{ deferrals }] = deployment.nodes
    const polling = after(Math.max(0, -offset)).then(() =>
      contend(4, deployment.parties, (rp) => rp.poll(deferredAuthId)),
    )
    const cancelling = after(Math.max(0, offset)).then(async () => {
      if (index % 2) return (await deferrals.cancel(id)).changed
      await deployment.parties[1].cancel(deferredAuthId)
      return undefined
    })
    const [answers, acknowledged] = await Promise.all([polling, cancelling])
    const status = (await deferrals.get(id))?.status
    offset += (status === 'cancelled' ? 2 : -2) * random()
    const disclosed = answers.filter((answer) => answer.status === 200).length
    yield { seed, disclosed, status, acknowledged }
  }
}

describeMongo('cancel against redeem over two provider processes', () => {
  afterEach(() => deployment.stop())

  test('I3, T3: the race catches a swap without the revision in its filter, which both cancels and discloses tokens', async () => {
    deployment = await deploy({ store: planted('naive_nodes', 'unchecked') })
    let both = 0
    for await (const round of rounds(await deployment.seed(150, 'approved'), seededRandom('naive cancellation'))) {
      if (round.disclosed && (round.status === 'cancelled' || round.acknowledged)) both += 1
      if (both) break
    }
    expect(both).toBe(1)
  })

  test('I1, I3, T3: never both, in 100 rounds; what a cancelled redemption minted is destroyed', async () => {
    deployment = await deploy()
    const outcomes = new Set<string>()
    for await (const round of rounds(await deployment.seed(100, 'approved'), seededRandom('cancellation'))) {
      const { seed, disclosed, acknowledged, status } = round
      const living = await liveTokens(deployment.db, 'access_token', seed.grantId)
      expect([status, disclosed, living.length]).toEqual(status === 'cancelled' ? [status, 0, 0] : ['redeemed', 1, 1])
      if (acknowledged !== undefined) expect(acknowledged).toBe(status === 'cancelled')
      const { body } = await deployment.parties[0].poll(seed.deferredAuthId)
      expect(body.error).toBe(status === 'cancelled' ? 'access_denied' : 'invalid_grant')
      outcomes.add(status as string)
    }
    expect([...outcomes].sort()).toEqual(['cancelled', 'redeemed'])
  })
})
