import type { Db } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterEach, expect, test } from 'vitest'
import { newDeferral } from '../store/new_deferral.js'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { until } from '../support/receiver.js'
import { verbsOn } from '../support/records.js'
import { issuer, planted, setupOn } from './deployment.js'

const count = 300
const writesAtOnce = 16
const events = ['expired', 'overdue'] as const
type Event = (typeof events)[number]
type Variant = 'living' | 'dyingBefore' | 'dyingAfter' | 'careless'

/** So many that have expired, and so many that are overdue, by the clock of the database. */
async function plant(db: Db): Promise<Map<string, Event>> {
  const { create } = verbsOn(mongoStore(db), issuer)
  const wanted = new Map<string, Event>()
  const plantOne = async (event: Event, times: { expiresIn: number; dueIn: number }) => {
    const record = await create(newDeferral(times))
    wanted.set(record!.id, event)
  }
  for (let n = 0; n < count; n++) {
    await plantOne('expired', { expiresIn: 1, dueIn: 7200 })
    await plantOne('overdue', { expiresIn: 3600, dueIn: 1 })
  }
  return wanted
}

describeMongo('three processes sweep', () => {
  let database: TestDatabase
  const nodes: ProviderNode[] = []

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
    await database.drop()
  })

  async function sweep(variants: Variant[]) {
    database = await testDatabase()
    await mongoStore(database.db).migrate()
    const wanted = await plant(database.db)
    const start = (name: Variant) => startNode(setupOn(database, { store: planted('sweep_nodes', name) }))
    nodes.push(...(await Promise.all(variants.map(start))))
    const histories = async () => historiesOf(database.db, wanted)
    await until(async () => (await histories()).every((entries) => entries.length > 0))
    return { wanted, histories }
  }

  test('with a store that writes without a condition some are noted twice, and announced twice', async () => {
    const { histories, wanted } = await sweep(['careless', 'careless', 'careless'])
    expect((await histories()).filter((entries) => entries.length > 1)).not.toEqual([])
    await until(() => announcements(nodes).length > wanted.size)
  })

  test('each that has expired, and each that is overdue, is noted once; two of the processes die', async () => {
    const { wanted, histories } = await sweep(['living', 'dyingBefore', 'dyingAfter'])
    const [living, ...dead] = nodes as [ProviderNode, ProviderNode, ProviderNode]
    await Promise.all(dead.map(({ ended }) => ended))
    // the living one has looked again
    const { db } = database
    await until(async () => (await db.collection('deferrals').countDocuments({ wakeAt: { $lte: new Date() } })) === 0)
    expect(await histories()).toEqual([...wanted.values()].map((event) => [event]))

    const announced = announcements(nodes)
    expect(new Set(announced).size).toBe(announced.length)
    // what a process has written it announces, unless it dies first
    await until(() => announcements([living]).length === written(living).length)
    expect(announcements([living]).sort()).toEqual(written(living).sort())
    const silent = [...wanted].map(([id, event]) => `${event} ${id}`).filter((one) => !announced.includes(one))
    process.stderr.write(
      `${wanted.size} noted: ${nodes.map((node) => announcements([node]).length).join(', ')} announced by three, ${silent.length} written by a dead one\n`,
    )
    expect(silent.length).toBeGreaterThan(0)
    expect(silent.length).toBeLessThanOrEqual(dead.length * writesAtOnce)
    expect(silent.filter((one) => written(living).includes(one))).toEqual([])
  })
})

/** For each deferral the entries of a sweep. */
async function historiesOf(db: Db, wanted: Map<string, Event>): Promise<string[][]> {
  const documents = await db.collection<{ _id: string; history: { event: Event }[] }>('deferrals').find().toArray()
  const byId = new Map(documents.map(({ _id, history }) => [_id, history.map(({ event }) => event)]))
  return [...wanted.keys()].map((id) => (byId.get(id) ?? []).filter((event) => events.includes(event)))
}

function announcements(nodes: ProviderNode[]): string[] {
  return nodes.flatMap(({ events: happenings }) =>
    happenings
      .filter(({ event }) => events.some((name) => name === event))
      .map(({ event, deferral }) => `${event} ${deferral.id}`),
  )
}

function written(node: ProviderNode): string[] {
  return [...node.output().matchAll(/^wrote (.+)$/gm)].map(([, one]) => one as string)
}
