import type { Transition } from 'oidc-provider-deferred'
import { afterEach, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { contend, type Deployment, deploy, planted } from './deployment.js'
import { manySeeds } from './many_seeds.js'
import type { Seed } from './seed.js'

const rounds = 12

let deployment: Deployment

const seeds = () => manySeeds((count) => deployment.seed(count, 'pending'))

/** Four approvals and four denials at once, each by a reviewer of its own; approvals on one node, denials on the other. */
function decide({ id }: Seed): Promise<Transition[]> {
  let reviewers = 0
  return contend(8, deployment.nodes, ({ deferrals }) => {
    const by = `reviewer ${++reviewers}`
    return reviewers % 2 ? deferrals.approve(id, { by }) : deferrals.deny(id, { by })
  })
}

const winners = (transitions: Transition[]) => transitions.filter(({ changed }) => changed)

describeMongo('approve against deny over two provider processes', () => {
  afterEach(() => deployment.stop())

  test('I5, T6: the race catches a swap without the revision in its filter, which lets several decisions win', async () => {
    deployment = await deploy({ store: planted('naive_nodes', 'unchecked') })
    let most = 0
    for await (const seed of seeds()) {
      most = Math.max(most, winners(await decide(seed)).length)
      if (most > 1) break
    }
    expect(most).toBeGreaterThan(1)
  })

  test(`I5, T6: one decision wins, every other is told so and shown it, in each of ${rounds} rounds or more`, async () => {
    deployment = await deploy()
    const won: string[] = []
    for await (const seed of seeds()) {
      const decisions = await decide(seed)
      const [winner, ...others] = winners(decisions)
      expect(others).toEqual([])
      expect(winner).toBeDefined()
      const { status, decision } = winner!.deferral
      for (const { deferral } of decisions) expect(deferral).toMatchObject({ status, decision })
      expect(await deployment.nodes[0].deferrals.get(seed.id)).toMatchObject({ status, decision })
      won.push(status)
      if (won.length >= rounds && new Set(won).size > 1) break
    }
    expect([...new Set(won)].sort()).toEqual(['approved', 'denied'])
  })

  test('T7: against a cancellation, no more than one of approval and cancellation is the first', async () => {
    deployment = await deploy()
    for (const { id } of await deployment.seed(rounds, 'pending')) {
      const [a, b] = deployment.nodes
      const [approval, cancellation] = await Promise.all([a.deferrals.approve(id), b.deferrals.cancel(id)])
      // cancelling what was just approved is allowed, approving what was cancelled is not
      expect(cancellation.changed).toBe(true)
      const record = await a.deferrals.get(id)
      expect(record?.status).toBe('cancelled')
      expect(record?.decision !== undefined).toBe(approval.changed)
    }
  })
})
