import { randomUUID } from 'node:crypto'
import type { Db } from 'mongodb'
import type { Adapter, AdapterPayload } from 'oidc-provider'

/** An adapter with a unique insert. */
export type Racer = Adapter & {
  insertUnique(id: string, payload: AdapterPayload, expiresIn?: number): Promise<boolean>
}

type Race = {
  /** One node's adapter for each connection. */
  nodes: Pick<Racer, 'upsert' | 'consume' | 'insertUnique'>[]
  rounds: number
  prepare?(node: Pick<Racer, 'upsert'>, id: string): Promise<void>
  /** Resolves to whether this contender won. */
  contend(node: Pick<Racer, 'consume' | 'insertUnique'>, id: string): Promise<boolean>
}

/** Lets 16 contenders, spread over the nodes, loose on a fresh id each round; resolves to the winners of each round. */
export async function race({ nodes, rounds, prepare, contend }: Race): Promise<number[]> {
  const winners: number[] = []
  for (let round = 0; round < rounds; round++) {
    const id = randomUUID()
    await prepare?.(nodes[0]!, id)
    const contenders = Array.from({ length: 16 }, (_, index) => contend(nodes[index % nodes.length]!, id))
    winners.push((await Promise.all(contenders)).filter(Boolean).length)
  }
  return winners
}

/** The winners of the first round with more than one, or of 100 rounds: how soon contenders meet depends on the machine. */
export async function mostWinners(play: () => Promise<number>): Promise<number> {
  let most = 0
  for (let round = 0; round < 100 && most < 2; round++) most = Math.max(most, await play())
  return most
}

/** Opens every connection of the pools beforehand, so that contenders start together from the first round on. */
export async function warm(...databases: Db[]): Promise<void> {
  await Promise.all(databases.flatMap((db) => Array.from({ length: 64 }, () => db.command({ ping: 1 }))))
}
