import { type DeferralStore, type Deferrals, memoryStore, type Transition } from 'oidc-provider-deferred'
import { afterEach, describe, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { memoryAdapter } from '../support/memory_adapter.js'
import { contend, deploy, planted } from './deployment.js'
import * as naive from './naive_stores.js'
import { seededRandom } from './random.js'
import { startTroubled } from './troubled.js'

type Office = Pick<Deferrals, 'get' | 'approve' | 'unvote' | 'deny'>

/** Two nodes on one store, and pending deferrals that several people have to approve. */
interface Arena {
  nodes: [Office, Office]
  seed(quorum: number): Promise<string>
  stop(): Promise<unknown>
}

/** Starts them; `isNaive` plants a store that reads the votes and writes without the revision. */
type Start = (isNaive: boolean) => Promise<Arena>

const rounds = 12
const changed = (transitions: Transition[]) => transitions.filter((transition) => transition.changed)

function races(start: Start): void {
  let arena: Arena
  afterEach(() => arena.stop())

  /** Plays rounds, 300 at most, until one of them is as wanted. */
  async function isMet(round: (nth: number) => Promise<boolean>): Promise<boolean> {
    for (let nth = 0; nth < 300; nth++) if (await round(nth)) return true
    return false
  }

  /** One vote stands; eight more arrive at once, each of them would be the last one. */
  async function lastVotes(): Promise<{ id: string; votes: Transition[] }> {
    const id = await arena.seed(2)
    await arena.nodes[0].approve(id, { by: 'first' })
    let people = 0
    const votes = await contend(8, arena.nodes, (node) => {
      const by = `person ${++people}`
      return node.approve(id, { by, note: by })
    })
    return { id, votes }
  }

  /** One vote stands; last ones and denials arrive at once, the denials by so many turns of the event loop later. */
  async function voteAgainstDenial(turns: number): Promise<{ id: string; all: Transition[] }> {
    const id = await arena.seed(2)
    await arena.nodes[0].approve(id, { by: 'first' })
    let people = 0
    const all = await contend(6, arena.nodes, async (node) => {
      const by = `person ${++people}`
      if (people % 3) return node.approve(id, { by })
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      return node.deny(id, { by })
    })
    return { id, all }
  }

  /** Eight votes at once, none of which is the last one. */
  async function firstVotes(): Promise<{ id: string; votes: Transition[] }> {
    const id = await arena.seed(9)
    let people = 0
    const votes = await contend(8, arena.nodes, (node) => node.approve(id, { by: `person ${++people}` }))
    return { id, votes }
  }

  const votesOf = async (id: string) => (await arena.nodes[1].get(id))?.votes ?? []

  test('the races catch a naive approval: several last votes decide, votes get lost, a denial is overwritten', async () => {
    arena = await start(true)
    expect(await isMet(async () => changed((await lastVotes()).votes).length > 1)).toBe(true)
    expect(await isMet(async (nth) => changed((await voteAgainstDenial(nth % 12)).all).length > 1)).toBe(true)
    const isLost = async () => {
      const { id, votes } = await firstVotes()
      return (await votesOf(id)).length < changed(votes).length
    }
    expect(await isMet(isLost)).toBe(true)
  })

  test('of the last votes one decides, and every other one is told so', async () => {
    arena = await start(false)
    for (let round = 0; round < rounds; round++) {
      const { id, votes } = await lastVotes()
      const [winner, ...others] = changed(votes)
      expect(others).toEqual([])
      const { decision, decidedAt } = winner!.deferral
      const [, voter] = decision?.by ?? []
      expect(decision).toMatchObject({ by: ['first', voter], note: voter })
      for (const { deferral } of votes) expect(deferral).toMatchObject({ status: 'approved', decision, decidedAt })
      const found = await arena.nodes[1].get(id)
      expect(found?.votes?.map(({ by }) => by)).toEqual(['first', voter])
      expect(found?.history.map(({ event }) => event).slice(-2)).toEqual(['voted', 'approved'])
    }
  })

  test('a last vote and a denial end one way', async () => {
    arena = await start(false)
    const met = new Set<string>()
    await isMet(async (nth) => {
      const { id, all } = await voteAgainstDenial(nth % 12)
      const [winner, ...others] = changed(all)
      expect(others).toEqual([])
      const { status, decision } = winner!.deferral
      for (const { deferral } of all) expect(deferral).toMatchObject({ status, decision })
      const found = await arena.nodes[0].get(id)
      expect(found?.history.map(({ event }) => event).slice(-2)).toEqual(['voted', status])
      expect(found?.votes).toHaveLength(status === 'approved' ? 2 : 1)
      met.add(status)
      return met.size > 1
    })
    expect([...met].sort()).toEqual(['approved', 'denied'])
  })

  test('no vote gets lost among others, and none counts twice', async () => {
    arena = await start(false)
    for (let round = 0; round < rounds; round++) {
      const { id, votes } = await firstVotes()
      expect(changed(votes)).toHaveLength(8)
      expect(votes.map(({ deferral }) => deferral.votes?.length).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      expect((await votesOf(id)).map(({ by }) => by).sort()).toEqual(
        Array.from({ length: 8 }, (_, n) => `person ${n + 1}`),
      )
    }
  })

  test('one person who votes at all nodes at once has one vote', async () => {
    arena = await start(false)
    for (let round = 0; round < rounds; round++) {
      const id = await arena.seed(2)
      const votes = await contend(8, arena.nodes, (node) => node.approve(id, { by: ['robin', 'kim'] }))
      expect(changed(votes)).toHaveLength(1)
      expect(await arena.nodes[0].get(id)).toMatchObject({ status: 'pending', votes: [{ by: ['robin', 'kim'] }] })
    }
  })

  test('the last vote and the withdrawal of the first one: approved by both, or one vote is left', async () => {
    arena = await start(false)
    const met = new Set<string>()
    await isMet(async () => {
      const id = await arena.seed(2)
      const [a, b] = met.has('approved') ? [arena.nodes[1], arena.nodes[0]] : arena.nodes
      await a.approve(id, { by: 'first' })
      const cast = () => a.approve(id, { by: 'second' })
      const withdraw = () => b.unvote(id, { by: 'first' })
      const [vote, withdrawal] = met.has('approved')
        ? await Promise.all([withdraw(), cast()]).then(([one, other]) => [other, one] as const)
        : await Promise.all([cast(), withdraw()])
      const found = await a.get(id)
      const status = found!.status
      expect(vote.changed).toBe(true)
      expect(withdrawal.changed).toBe(status === 'pending')
      const names = status === 'pending' ? ['second'] : ['first', 'second']
      expect(found?.votes?.map(({ by }) => by)).toEqual(names)
      met.add(status)
      return met.size > 1
    })
    expect([...met].sort()).toEqual(['approved', 'pending'])
  })
}

describe('votes at two nodes in memory', () => {
  const start: Start = async (isNaive) => {
    const random = seededRandom('votes')
    const kept = { store: memoryStore(), adapter: memoryAdapter() }
    const spoil = isNaive ? naive.unchecked : (store: DeferralStore) => store
    const { nodes, seed, close } = await startTroubled(kept, random, spoil)
    const [a, b] = nodes.map(({ provider }) => provider.deferrals) as [Deferrals, Deferrals]
    return { nodes: [a, b], seed: async (quorum) => (await seed(1, 'pending', { quorum }))[0]!.id, stop: close }
  }
  races(start)
})

describeMongo('votes at two provider processes on MongoDB', () => {
  const start: Start = async (isNaive) => {
    const { nodes, seed, stop } = await deploy(isNaive ? { store: planted('naive_nodes', 'unchecked') } : {})
    const [a, b] = nodes
    return {
      nodes: [a.deferrals, b.deferrals],
      seed: async (quorum) => (await seed(1, 'pending', { quorum }))[0]!.id,
      stop,
    }
  }
  races(start)
})
