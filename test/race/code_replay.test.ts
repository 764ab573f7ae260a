import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { afterEach, describe, expect, test } from 'vitest'
import { idFrom } from '../../lib/deferral/handle.js'
import { describeMongo } from '../support/database.js'
import { pollDeferral, redeem } from '../support/deferral.js'
import type { Answer, RelyingParty } from '../support/relying_party.js'
import { contend, type Deployment, deploy, planted } from './deployment.js'
import { living } from './living.js'
import { manySeeds } from './many_seeds.js'
import { meeting } from './meeting.js'
import { type CodeSeed, codeSeeder } from './oauth_seed.js'
import { seededRandom } from './random.js'

const contenders = 8

const least = 60

let deployment: Deployment

const deferred = (rp: RelyingParty, { code }: CodeSeed) => redeem(rp, code, { completion_mode: 'deferred' })

const handlesOf = (answers: Answer[]) => answers.flatMap(({ body }) => body.deferral_code ?? [])

const statusOf = async ({ code }: CodeSeed) => (await deployment.nodes[1].deferrals.get(idFrom(code)))?.status

const plantCodes = () => codeSeeder(mongoAdapter(deployment.db), deployment.nodes[0].origin)

const codes = async (count: number) => (await plantCodes())(count)

const manyCodes = async () => manySeeds(await plantCodes())

/** Approves whatever can be approved and polls with every handle; resolves to the number of token sets. */
async function collect({ code }: CodeSeed, handles: string[]): Promise<number> {
  const [{ deferrals }] = deployment.nodes
  if (await deferrals.get(idFrom(code))) await deferrals.approve(idFrom(code))
  const polled = await Promise.all(handles.map((handle) => pollDeferral(deployment.parties[0], handle)))
  return polled.filter(({ status }) => status === 200).length
}

describeMongo('one authorization code 8 times at once, over two provider processes', () => {
  afterEach(() => deployment.stop())

  test('C-I17 T1: the race catches a store that creates over what is there, where the adapter lets a code pass twice', async () => {
    deployment = await deploy({ store: planted('naive_nodes', 'overwriting'), adapter: planted('naive_consume') })
    let most = 0
    for await (const seed of await manyCodes()) {
      most = Math.max(most, handlesOf(await contend(contenders, deployment.parties, (rp) => deferred(rp, seed))).length)
      if (most > 1) break
    }
    expect(most).toBeGreaterThan(1)
  })

  test('C-I17 T1: the race catches a store that takes no mark of a second use: the deferral lives on', async () => {
    deployment = await deploy({ store: planted('markless_store') })
    let sets = 0
    for await (const seed of await manyCodes()) {
      // of more than two one is always late enough to find the deferral
      sets = await collect(seed, handlesOf(await contend(2, deployment.parties, (rp) => deferred(rp, seed))))
      if (sets) break
    }
    expect(sets).toBe(1)
  })

  describe.each(['our adapter', 'an adapter whose consume never refuses'])('with %s', (which) => {
    const modules = which === 'our adapter' ? {} : { adapter: planted('naive_consume') }

    test('C-I17 I1, T1: leads to one deferral at most, which is cancelled, and to no tokens', async () => {
      deployment = await deploy(modules)
      const ends = new Map<string, number>()
      for (const [round, seed] of (await codes(10)).entries()) {
        const answers = await contend(round % 2 ? contenders : 2, deployment.parties, (rp) => deferred(rp, seed))
        const handles = handlesOf(answers)
        // none where the replay was noticed before the winner was answered
        expect(handles.length).toBeLessThanOrEqual(1)
        for (const { status, body } of answers) {
          if (!body.deferral_code) expect([status, body.error]).toEqual([400, 'invalid_grant'])
        }
        expect(await statusOf(seed)).toBe('cancelled')
        expect(await collect(seed, handles)).toBe(0)
        expect(await living(deployment.db, 'authorization_code', seed.grantId)).toEqual([[], []])
        expect((await deferred(deployment.parties[1], seed)).body.error).toBe('invalid_grant')
        const end = handles.length ? 'answered first' : 'used again first'
        ends.set(end, (ends.get(end) ?? 0) + 1)
      }
      process.stderr.write(`${which}: ${JSON.stringify(Object.fromEntries(ends))}\n`)
    })
  })

  test('I-017 I1, T1: with and without completion_mode, is answered with tokens or a deferral and never with both', async () => {
    deployment = await deploy()
    const won = new Set<string>()
    for (const seed of await codes(8)) {
      let turn = 0
      const answers = await contend(contenders, deployment.parties, (rp) =>
        turn++ % 4 > 1 ? deferred(rp, seed) : redeem(rp, seed.code),
      )
      const sets = answers.filter(({ status }) => status === 200).length
      const handles = handlesOf(answers)
      expect(sets + handles.length).toBeLessThanOrEqual(1)
      expect(await collect(seed, handles)).toBeLessThanOrEqual(1)
      if (sets + handles.length) won.add(sets ? 'tokens' : 'deferral')
    }
    expect(won.size).toBeGreaterThan(0)
  })
})

/** Four redeeming polls, and the code again on another node. */
async function* replays(random: () => number) {
  const { nodes, parties } = deployment
  const { meet, won, isOver } = meeting(random, least)
  for await (const seed of await manyCodes()) {
    const { body } = await deferred(parties[0], seed)
    await nodes[0].deferrals.approve(idFrom(seed.code))
    const [answers, replay] = await meet(
      () => contend(4, parties, (rp) => pollDeferral(rp, body.deferral_code)),
      () => deferred(parties[1], seed),
    )
    const disclosed = answers.filter(({ status }) => status === 200).length
    won(disclosed ? 'first' : 'second')
    yield { seed, disclosed, replay, status: await statusOf(seed), isLast: isOver() }
  }
}

describeMongo('a replayed code against a redeeming poll over two provider processes', () => {
  afterEach(() => deployment.stop())

  test('C-I17 T1: the race catches a redemption that no write decides, which leaves tokens alive', async () => {
    deployment = await deploy({ store: planted('naive_nodes', 'undecided') })
    let left = 0
    for await (const { seed } of replays(seededRandom('planted replay'))) {
      left = (await living(deployment.db, 'authorization_code', seed.grantId)).flat().length
      if (left) break
    }
    expect(left).toBeGreaterThan(0)
  })

  test('C-I17 I1, I3, T1: the replay is invalid_grant and no token is alive after it', async () => {
    deployment = await deploy()
    const outcomes = new Map<string, number>()
    for await (const { seed, disclosed, replay, status, isLast } of replays(seededRandom('replay'))) {
      expect([replay.status, replay.body.error]).toEqual([400, 'invalid_grant'])
      expect([status, disclosed]).toEqual([status, status === 'cancelled' ? 0 : 1])
      expect(await living(deployment.db, 'authorization_code', seed.grantId)).toEqual([[], []])
      outcomes.set(status as string, (outcomes.get(status as string) ?? 0) + 1)
      if (isLast) break
    }
    expect([...outcomes.keys()].sort()).toEqual(['cancelled', 'redeemed'])
    process.stderr.write(`replay ${JSON.stringify(Object.fromEntries(outcomes))}\n`)
  })
})
