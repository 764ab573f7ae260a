import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { type TestDatabase, testDatabase } from '../support/database.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type DpopKey, dpopKey, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { adapter, store as ours } from './crash_nodes.js'
import { type Life, lifeUntil } from './crash_point.js'
import { issuer, planted, setupOn } from './deployment.js'
import { type Seeder, seeder } from './seed.js'

/** A provider and its back office. */
type Node = Pick<ProviderNode, 'origin' | 'deferrals'>

/** A node that stays up, and victims that die in the middle of the one thing they are asked to do. */
export interface Scene {
  database: TestDatabase
  survivor: Node
  rp: RelyingParty
  key: DpopKey
  seed: Seeder
  close(): Promise<void>
}

/** A node that is to die, or to live so that the places where it could are known. */
interface Victim {
  node: Node
  died: Promise<void>
  passed: () => string[]
  stop(): Promise<void>
}

/** Makes the store of the victims. */
export type Planted = (db: Db, life: Life) => DeferralStore

/** One operation on what was prepared for it, and what its client and reviewer find at the survivor after the victim died. */
export interface Operation<Prepared> {
  prepare: (scene: Scene) => Promise<Prepared>
  /** what the victim is asked to do; it dies before it answers */
  act: (victim: Node, prepared: Prepared, key: DpopKey) => Promise<unknown>
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
  const { node: survivor, close } = await startOn(database)
  const key = await dpopKey()
  const rp = relyingParty(survivor.origin, 'secret', key)
  return { database, survivor, rp, key, seed: await seeder(database.db, survivor.origin), close }
}

export async function strike({ close, database }: Scene): Promise<void> {
  await close()
  await database.drop()
}

/** The places where a node can die during this operation, in order; found by letting one live. */
export async function points<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  store: Planted = ours,
): Promise<string[]> {
  const { node, passed, stop } = await startVictim(scene, store, 0)
  await operation.act(node, await operation.prepare(scene), scene.key)
  // a planted store may write after the answer
  await until(() => passed().includes(`after ${operation.write}`))
  await stop()
  return passed()
}

/** Has a node die at this place, counted from 1, and says what is wrong after that. */
export async function crashAt<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  places: string[],
  at: number,
  start: (at: number) => Promise<Victim>,
): Promise<string | undefined> {
  const victim = await start(at)
  const prepared = await operation.prepare(scene)
  const answered = operation.act(victim.node, prepared, scene.key).then(
    () => true,
    () => false,
  )
  const isAnswered = await Promise.race([answered, victim.died.then(() => false)])
  await victim.stop()
  // on a slow machine a redemption reads the Grant once more, and the places behind that have other numbers
  const passed = victim.passed()
  const place = `${at}/${places.length} ${passed.at(-1)}`
  if (isAnswered) return `${place}: answered before it died`
  const writes = (all: string[]) => all.filter((one) => one === `after ${operation.write}`).length
  const written = writes(passed) === writes(places)
  const wrong = await operation.aftermath(scene, prepared, written, passed)
  return wrong && `${place}: ${wrong}`
}

/**
 * Has one node after the other die; resolves to what is wrong. After a call is before the next one, as nothing leaves the node in
 * between.
 */
export async function sweep<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  places: string[],
): Promise<string[]> {
  const wrong: (string | undefined)[] = []
  for (const [index, place] of places.entries()) {
    if (index > 0 && place.startsWith('before')) continue
    wrong.push(await crashAt(scene, operation, places, index + 1, (at) => startVictim(scene, ours, at)))
  }
  return wrong.filter((one) => one !== undefined)
}

/** The same with a planted store, until the first that is wrong. */
export async function sweepPlanted<Prepared>(
  scene: Scene,
  operation: Operation<Prepared>,
  store: Planted,
): Promise<string | undefined> {
  const places = await points(scene, operation, store)
  let wrong: string | undefined
  for (let at = places.length; at > 0 && !wrong; at--)
    wrong = await crashAt(scene, operation, places, at, () => startVictim(scene, store, at))
  return wrong
}

/** A victim in a process of its own, which is killed at this place. */
export async function startMortalProcess({ database }: Scene, place: string): Promise<Victim> {
  const modules = { store: planted('crash_nodes', 'store'), adapter: planted('crash_nodes', 'adapter') }
  const node = await startNode(setupOn(database, modules), { CRASH_AT: place })
  const passed = () => [...node.output().matchAll(/^point (.+)$/gm)].map(([, name]) => name as string)
  return { node, died: node.ended, passed, stop: node.stop }
}

// a victim in this process: after its death no call leaves it
async function startVictim({ database }: Scene, store: Planted, at: number): Promise<Victim> {
  let die = () => {}
  const died = new Promise<void>((resolve) => {
    die = resolve
  })
  const life = lifeUntil(at, die)
  const { node, close } = await startOn(database, { store, life })
  // a dead one is not waited for: what hangs in it would delay its end
  const stop = async () => void (life.isOver ? close().catch(() => undefined) : await close())
  return { node, died, passed: () => life.passed, stop }
}

async function startOn({ db }: TestDatabase, mortal?: { store: Planted; life: Life }) {
  const op: TestProvider = await startProvider({
    issuer,
    configuration: { adapter: mortal ? adapter(db, mortal.life) : mongoAdapter(db) },
    deferred: {
      store: mortal ? mortal.store(db, mortal.life) : mongoStore(db),
      defer: (_ctx, { profile, canWait }) => profile === 'oauth' && canWait,
    },
  })
  return { node: { origin: op.origin, deferrals: op.provider.deferrals }, close: op.close }
}
