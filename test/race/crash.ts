import { type TestDatabase, testDatabase } from '../support/database.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { type DpopKey, dpopKey, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { planted, setupOn } from './deployment.js'
import { type Seed, type Seeder, type Stage, seeder } from './seed.js'

/** A node that stays up, and victims that die in the middle of the one thing they are asked to do. */
export interface Scene {
  database: TestDatabase
  survivor: ProviderNode
  rp: RelyingParty
  key: DpopKey
  seed: Seeder
}

/** One operation, and what its client and reviewer find at the survivor after the victim died. */
export interface Operation {
  stage: Stage
  /** what the victim is asked to do; it dies before it answers */
  act: (victim: ProviderNode, seed: Seed, key: DpopKey) => Promise<unknown>
  /** the call that makes the difference */
  write: string
  /** what is wrong, if anything; `written` says on which side of the write the victim died */
  aftermath: (scene: Scene, seed: Seed, written: boolean) => Promise<string | undefined>
}

export async function setScene(): Promise<Scene> {
  const database = await testDatabase()
  const survivor = await startNode(setupOn(database))
  const key = await dpopKey()
  const rp = relyingParty(survivor.origin, 'secret', key)
  return { database, survivor, rp, key, seed: await seeder(database.db, survivor.origin) }
}

export async function strike({ survivor, database }: Scene): Promise<void> {
  await survivor.stop()
  await database.drop()
}

/** The places where a process can die during this operation, in order; found by letting one live. */
export async function points(scene: Scene, operation: Operation, store: string): Promise<string[]> {
  const victim = await startVictim(scene, store)
  const [seed] = await scene.seed(1, operation.stage)
  await operation.act(victim, seed!, scene.key)
  await victim.stop()
  return [...victim.output().matchAll(/^point (.+)$/gm)].map(([, name]) => name as string)
}

/** Has a process die at this place, counted from 1, and says what is wrong after that. */
export async function crashAt(
  scene: Scene,
  operation: Operation,
  store: string,
  places: string[],
  at: number,
): Promise<string | undefined> {
  const victim = await startVictim(scene, store, at)
  const [seed] = await scene.seed(1, operation.stage)
  const answered = await operation.act(victim, seed!, scene.key).then(
    () => true,
    () => false,
  )
  await victim.ended
  const place = `${at}/${places.length} ${places[at - 1]}`
  if (answered) return `${place}: answered before it died`
  const written = at > places.lastIndexOf(`after ${operation.write}`)
  const wrong = await operation.aftermath(scene, seed!, written)
  return wrong && `${place}: ${wrong}`
}

function startVictim({ database }: Scene, store: string, at = 0): Promise<ProviderNode> {
  const modules = { store: planted('crash_nodes', store), adapter: planted('crash_nodes', 'adapter') }
  return startNode(setupOn(database, modules), { CRASH_AT: String(at) })
}
