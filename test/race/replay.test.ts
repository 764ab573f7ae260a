import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { type Answer, clientAssertion, dpopKey, relyingParty } from '../support/relying_party.js'
import { contend, type Deployment, deploy, issuer, planted } from './deployment.js'
import { manySeeds } from './many_seeds.js'
import type { Seed } from './seed.js'

const times = 8
const rounds = 5

// both nodes are behind one name, so that a proof for the one is a proof for the other
const forwarded = { 'x-forwarded-host': new URL(issuer).host }

let deployment: Deployment

/** One DPoP proof, sent many times at once with polls of one deferral. */
async function replayProof({ parties }: Deployment, { deferredAuthId }: Seed): Promise<string[]> {
  const proof = await (await dpopKey()).proof(`${issuer}/token`)
  const extras = { dpop: undefined, headers: { ...forwarded, dpop: proof } }
  return heard(await contend(times, parties, (rp) => rp.poll(deferredAuthId, {}, extras)))
}

/** One client assertion, sent many times at once with polls of a deferral that nobody has. */
async function replayAssertion({ nodes }: Deployment): Promise<string[]> {
  const client_assertion = await clientAssertion(issuer)
  const origins = [nodes[0].origin, nodes[1].origin] as [string, string]
  const poll = (origin: string) =>
    relyingParty(origin, 'assertion').poll(unknownHandle(), { client_assertion }, { headers: forwarded })
  return heard(await contend(times, origins, poll))
}

const unknownHandle = () => randomBytes(49).toString('base64url').slice(0, 65)

const heard = (answers: Answer[]) => answers.map(({ body }) => body.error as string).sort()

const cases = [
  ['C61, T1: a DPoP proof', 'authorization_pending', 'invalid_dpop_proof', replayProof],
  ['C31, T1: a client assertion', 'invalid_grant', 'invalid_client', replayAssertion],
] as const

describeMongo('8 times at once on two provider processes', () => {
  afterEach(() => deployment.stop())

  test.each(cases)('%s: the race catches an adapter that finds and then saves', async (_what, accepted, _r, replay) => {
    deployment = await deploy({ adapter: planted('naive_replay') })
    let most = 0
    for await (const seed of manySeeds((count) => deployment.seed(count, 'pending'))) {
      most = Math.max(most, (await replay(deployment, seed)).filter((one) => one === accepted).length)
      if (most > 1) break
    }
    expect(most).toBeGreaterThan(1)
  })

  test.each(cases)(`%s is accepted once in each of ${rounds} rounds`, async (_what, accepted, refused, replay) => {
    deployment = await deploy()
    for (const seed of await deployment.seed(rounds, 'pending')) {
      expect(await replay(deployment, seed)).toEqual([accepted, ...Array(times - 1).fill(refused)].sort())
    }
  })
})
