import { expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { cibaClients, hint, pollCiba } from '../support/phone.js'
import type { Answer } from '../support/relying_party.js'
import { type Deployment, deploy, liveTokens, planted } from './deployment.js'
import { seededRandom } from './random.js'

const rounds = 1000
const batch = 8

interface Bridged {
  id: string
  grantId: string
  deferredAuthId: string
  authReqId: string
}

/** Deferrals with a question that is open, approved by an operator. */
async function bridged({ seed, parties, nodes }: Deployment, count: number): Promise<Bridged[]> {
  const seeds = await seed(count, 'pending')
  return Promise.all(
    seeds.map(async ({ id, grantId, deferredAuthId }, index) => {
      const { body } = await hint(parties[index % 2] as Deployment['parties'][0], deferredAuthId)
      if (!body.auth_req_id) throw new Error(`not bridged: ${JSON.stringify(body)}`)
      await nodes[index % 2]?.deferrals.approve(id, { by: 'race' })
      return { id, grantId, deferredAuthId, authReqId: body.auth_req_id }
    }),
  )
}

/** Four racers: each handle at each node, in random order and with random delays. */
async function race({ parties }: Deployment, { deferredAuthId, authReqId }: Bridged, random: () => number) {
  const racers = parties.flatMap((rp) => [
    ['own', () => rp.poll(deferredAuthId)] as const,
    ['ciba', () => pollCiba(rp, authReqId)] as const,
  ])
  const order = racers.map((racer) => [random(), racer] as const).sort(([a], [b]) => a - b)
  return Promise.all(
    order.map(async ([, [door, poll]]) => {
      await new Promise((resolve) => setTimeout(resolve, random() * 6))
      return [door, await poll()] as [string, Answer]
    }),
  )
}

async function run(
  deployment: Deployment,
  count: number,
  check: (one: Bridged, answers: [string, Answer][]) => Promise<void>,
) {
  const random = seededRandom('bridge')
  for (let round = 0; round < count; round += batch) {
    const all = await bridged(deployment, batch)
    await Promise.all(all.map(async (one) => check(one, await race(deployment, one, random))))
  }
}

const tokensOf = (answers: [string, Answer][]) => answers.filter(([, { status }]) => status === 200)

describeMongo('N1 polls with both handles at two provider processes', () => {
  const setup = { ciba: true, clients: cibaClients }

  test('N1 the race catches a swap without the revision in its filter', async () => {
    const deployment = await deploy({ store: planted('naive_nodes', 'unchecked') }, setup)
    try {
      let most = 0
      for (let tries = 0; tries < 30 && most < 2; tries++) {
        await run(deployment, batch, async (_one, answers) => {
          most = Math.max(most, tokensOf(answers).length)
        })
      }
      expect(most).toBeGreaterThan(1)
    } finally {
      await deployment.stop()
    }
  })

  test(`N1 X-127 in ${rounds} rounds one racer gets the tokens, by either door, and no other token is left alive`, async () => {
    const deployment = await deploy({}, setup)
    try {
      const doors = new Map<string, number>()
      await run(deployment, rounds, async ({ grantId }, answers) => {
        const [winner, ...others] = tokensOf(answers)
        if (!winner || others.length > 0) throw new Error(`${tokensOf(answers).length} racers got tokens`)
        doors.set(winner[0], (doors.get(winner[0]) ?? 0) + 1)
        expect(await liveTokens(deployment.db, 'access_token', grantId)).toEqual([winner[1].body.access_token])
        for (const [, { status, body }] of answers) {
          if (status !== 200) expect(body.error).toMatch(/^(authorization_pending|invalid_grant)$/)
        }
      })
      process.stderr.write(`winners ${JSON.stringify(Object.fromEntries(doors))}\n`)
      expect([...doors.keys()].sort()).toEqual(['ciba', 'own'])
      expect([...doors.values()].reduce((sum, count) => sum + count)).toBe(rounds)
    } finally {
      await deployment.stop()
    }
  })
})
