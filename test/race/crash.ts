import { type TestDatabase, testDatabase } from '../support/database.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { type DpopKey, dpopKey, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { planted, setupOn } from './deployment.js'
import { type Seeder, seeder } from './seed.js'

/** A node that stays up, and victims that die in the middle of the one thing they are asked to do. */
export interface Scene {
  database: TestDatabase
  survivor: ProviderNode
  rp: RelyingParty
  key: DpopKey
  seed: Seeder
}

/** One operation on what was prepared for it, and what its client and reviewer find at the survivor after the victim died. */
export interface Operation<Prepared> {
  prepare: (scene: Scene) => Promise<Prepared>
  /** what the victim is asked to do; it dies before it answers */
  act: (victim: ProviderNode, prepared: Prepared, key: DpopKey) => Promise<unknown>
  /** the call that makes the difference */
  write: string
  /** what is wrong, if anything; `written` says on which side of the write the victim died, `passed` what it got past */
  aftermath: (scene: Scene, prepared: Prepared, written: boolean, passed: string[]) => Promise<string | undefined>
}

/** What is wrong, if anything. */
export function wrongUnless(expected: unknown[], found: unknown[]): string | undefined {
  const [wanted, got] = [JSON.stringify(expected), JSON.stringify(found)]
  return wanted === got ? undefined : `expected ${wanted}, found ${got}`
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
export async function points<Prepared>(scene: Scene, operation: Operation<Prepared>, store: string): Promise<string[]> {
  const victim = await startVictim(scene, store)
  await operation.act(victim, await operation.prepare(scene), scene.key)
  await victim.stop()
  return [...victim.output().matchAll(/^point (.+)$/gm)].map(([, name]) => name as string)
}

/** Has a process die at this place, counted from 1, and says what is wrong after that. */
export async function crashAt<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  store: string,
  places: string[],
  at: number,
): Promise<string | undefined> {
  const victim = await startVictim(scene, store, at)
  const prepared = await operation.prepare(scene)
  const answered = await operation.act(victim, prepared, scene.key).then(
    () => true,
    () => false,
  )
  await victim.ended
  const place = `${at}/${places.length} ${places[at - 1]}`
  if (answered) return `${place}: answered before it died`
  const written = at > places.lastIndexOf(`after ${operation.write}`)
  const wrong = await operation.aftermath(scene, prepared, written, places.slice(0, at))
  return wrong && `${place}: ${wrong}`
}

/**
 * Has one process after the other die, two at a time; resolves to what is wrong. After a call is before the next one, as nothing
 * leaves the process in between.
 */
export async function sweep<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  places: string[],
): Promise<string[]> {
  const ats = places.flatMap((place, index) => (index && place.startsWith('before') ? [] : [index + 1]))
  const wrong: (string | undefined)[] = []
  while (ats.length) {
    const pair = ats.splice(0, 2)
    wrong.push(...(await Promise.all(pair.map((at) => crashAt(scene, operation, 'store', places, at)))))
  }
  return wrong.filter((one) => one !== undefined)
}

/** The same with a planted store, until the first that is wrong. */
export async function sweepPlanted<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  store: string,
): Promise<string | undefined> {
  const places = await points(scene, operation, store)
  let wrong: string | undefined
  for (let at = places.length; at > 0 && !wrong; at--) wrong = await crashAt(scene, operation, store, places, at)
  return wrong
}

function startVictim({ database }: Scene, store: string, at = 0): Promise<ProviderNode> {
  const modules = { store: planted('crash_nodes', store), adapter: planted('crash_nodes', 'adapter') }
  return startNode(setupOn(database, modules), { CRASH_AT: String(at) })
}
