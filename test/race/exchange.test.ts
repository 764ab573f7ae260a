import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import type { Answer } from '../support/relying_party.js'
import { contend, type Deployment, deploy, liveTokens, planted } from './deployment.js'
import { manySeeds } from './many_seeds.js'
import type { Seed } from './seed.js'

const contenders = 8

let deployment: Deployment

const exchange = ({ deferredCode }: Seed): Promise<Answer[]> =>
  contend(contenders, deployment.parties, (rp) => rp.exchange(deferredCode))

const statusOf = async ({ id }: Seed) => (await deployment.nodes[0].deferrals.get(id))?.status

const handedOut = (answers: Answer[]): string[] =>
  answers.filter(({ status }) => status === 200).map(({ body }) => body.deferred_auth_id)

function expectRefused(answers: Answer[]): void {
  for (const { status, body } of answers) {
    if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
  }
}

describeMongo('8 concurrent exchanges over two provider processes', () => {
  afterEach(() => deployment.stop())

  test('C18, T1: the race catches a swap without the revision in its filter, which hands out several poll handles', async () => {
    deployment = await deploy({ store: planted('naive_nodes', 'unchecked') })
    let most = 0
    for await (const seed of manySeeds((count) => deployment.seed(count, 'requested'))) {
      most = Math.max(most, handedOut(await exchange(seed)).length)
      if (most > 1) break
    }
    expect(most).toBeGreaterThan(1)
  })

  describe('hand out one poll handle at most, and end the deferral as reused', () => {
    beforeEach(async () => {
      deployment = await deploy()
    })

    test('C18, T1, I8: a pending one is cancelled and its one handle yields nothing', async () => {
      for (const seed of await deployment.seed(8, 'requested')) {
        const answers = await exchange(seed)
        const handles = handedOut(answers)
        expect(handles).toHaveLength(1)
        expectRefused(answers)
        expect(await statusOf(seed)).toBe('cancelled')
        expect((await deployment.nodes[1].deferrals.approve(seed.id)).changed).toBe(false)
        const polled = await deployment.parties[1].poll(handles[0]!)
        expect([polled.status, polled.body.error]).toEqual([400, 'access_denied'])
      }
    })

    test.each([
      ['approved', 'cancelled'],
      ['denied', 'denied'],
    ] as const)('C18, T1: one %s before the exchange ends %s, without a token', async (decision, ended) => {
      const [approver] = deployment.nodes
      for (const seed of await deployment.seed(2, 'requested')) {
        await (decision === 'approved' ? approver.deferrals.approve(seed.id) : approver.deferrals.deny(seed.id))
        const answers = await exchange(seed)
        const handles = handedOut(answers)
        expect(handles).toHaveLength(1)
        expectRefused(answers)
        expect(await statusOf(seed)).toBe(ended)
        const polled = await deployment.parties[0].poll(handles[0]!)
        expect([polled.status, polled.body.error]).toEqual([400, 'access_denied'])
        expect(await liveTokens(deployment.db, 'access_token', seed.grantId)).toEqual([])
      }
    })

    test('C18, T1: reuse after redemption hands out nothing and revokes the tokens', async () => {
      for (const seed of await deployment.seed(1, 'approved')) {
        expect((await deployment.parties[0].poll(seed.deferredAuthId)).status).toBe(200)
        expect(await liveTokens(deployment.db, 'refresh_token', seed.grantId)).toHaveLength(1)
        const answers = await exchange(seed)
        expect(handedOut(answers)).toEqual([])
        expectRefused(answers)
        expect(await statusOf(seed)).toBe('redeemed')
        expect(await liveTokens(deployment.db, 'access_token', seed.grantId)).toEqual([])
        expect(await liveTokens(deployment.db, 'refresh_token', seed.grantId)).toEqual([])
      }
    })
  })
})
