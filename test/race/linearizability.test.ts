import type { Adapter } from 'oidc-provider'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterEach, describe, expect, test } from 'vitest'
import { describeMongo, testDatabase } from '../support/database.js'
import { memoryAdapter } from '../support/memory_adapter.js'
import { history, type Operation, possibilities, waiting } from './histories.js'
import { isLinearizable } from './linearizability.js'
import * as naive from './naive_stores.js'
import { seededRandom } from './random.js'
import { startTroubled, type Troubled } from './troubled.js'

let troubled: Troubled

/** Plays histories, by turns of a pending and of an approved deferral; resolves to those that are wrong, at most to `enough`. */
async function play(count: number, random: () => number, enough = 1): Promise<string[]> {
  const wrong: string[] = []
  const met = new Set<string>()
  for (let turn = 0; turn < count && wrong.length < enough; turn++) {
    const stage = turn % 2 ? 'approved' : 'pending'
    const [seed] = await troubled.seed(1, stage)
    const operations = await history(troubled, seed!, random)
    for (const { op, answer } of operations) met.add(`${op.name} ${answer?.split(' ')[0]}`)
    const lasting = await troubled.alive(seed!.grantId)
    const verdict = isLinearizable(waiting(stage), operations, possibilities) ? audit(operations, lasting) : 'no order'
    if (verdict) wrong.push(`${verdict}, ${stage}: ${JSON.stringify(operations)}`)
  }
  process.stderr.write(`met ${[...met].sort().join(', ')}\n`)
  return wrong
}

/** Tokens that are alive were disclosed; what a poll that failed has minted ends by itself, what was reused or revoked may be gone. */
function audit(operations: Operation[], alive: string[]): string | undefined {
  const answers = operations.filter(({ op }) => op.name === 'poll').map(({ answer }) => answer)
  const disclosed = answers.filter((answer) => answer === 'tokens').length
  const [unknown, isEnded] = [answers.includes(undefined), operations.some(({ op }) => op.name === 'reuse')]
  if (alive.length > disclosed && !unknown) return `${alive.length} alive, ${disclosed} disclosed`
  return alive.length < disclosed && !isEnded ? 'what was disclosed is gone' : undefined
}

const inMemory = () => ({ store: memoryStore(), adapter: memoryAdapter() })

describe('what two nodes answer while the store loses calls and replies', () => {
  afterEach(() => troubled.close())

  // each is caught within 30 histories
  test.each([
    ['a redemption that no write decides', naive.undecided],
    ['a swap without the revision in its filter', naive.unchecked],
    ['an answer before the swap', naive.hasty],
  ])('I1, I3, I5: the histories catch %s', async (what, spoil) => {
    const random = seededRandom(what)
    troubled = await startTroubled(inMemory(), random, spoil)
    expect(await play(400, random)).toHaveLength(1)
  })

  test('I1, I3, I4, I5, I6, I8: could have been said one after the other, in 100 histories', async () => {
    const random = seededRandom('histories')
    troubled = await startTroubled(inMemory(), random)
    expect(await play(100, random)).toEqual([])
  })
})

describeMongo('what two nodes on MongoDB answer while calls and replies are lost', () => {
  test('I1, I3, I4, I5, I6, I8: could have been said one after the other, in 40 histories', async () => {
    const database = await testDatabase()
    const random = seededRandom('histories on MongoDB')
    const kept: { store: DeferralStore; adapter: (name: string) => Adapter } = {
      store: mongoStore(database.db),
      adapter: mongoAdapter(database.db),
    }
    troubled = await startTroubled(kept, random)
    try {
      expect(await play(40, random)).toEqual([])
    } finally {
      await troubled.close()
      await database.drop()
    }
  })
})
