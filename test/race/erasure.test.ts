import { setTimeout as after } from 'node:timers/promises'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeEach, expect, test } from 'vitest'
import type { Records } from '../../lib/deferral/records.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { dump } from './dump.js'
import { createOn, eraseAt, isPersonal, nodeOn, personal, rivals } from './erasure_rivals.js'
import * as naive from './naive_stores.js'
import { seededRandom } from './random.js'

const rounds = 40
const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0)

describeMongo('an erasure over several nodes', () => {
  const database = useDatabase()
  let stores: DeferralStore[]

  beforeEach(async () => {
    stores = [mongoStore(database.db), mongoStore(await database.connect()), mongoStore(await database.connect())]
  })

  /** Two nodes erase the account while a third one writes, all a little later than each other; resolves to what is wrong. */
  async function meet(
    random: () => number,
    spoil: (store: DeferralStore) => DeferralStore,
  ): Promise<string | undefined> {
    const [one, other, third] = stores.map((store) => nodeOn(spoil(store))) as [Records, Records, Records]
    const id = await createOn(one)
    if (random() < 0.5) await rivals.exchange?.(one, id)
    if (random() < 0.5) await rivals.approve?.(one, id)
    const late = <T>(work: () => Promise<T>) => after(random() * 20).then(work)
    const writers = Object.values(rivals).map((write) => late(() => write(third, id)))
    const counts = await Promise.all([late(() => eraseAt(one)), late(() => eraseAt(other))])
    await Promise.all(writers)
    if (sum(counts) !== 1) return `erased ${counts.join(' and ')} times`
    return isPersonal(await one.find(id), await one.history(id)) ? 'personal data came back' : undefined
  }

  test('T1: the race catches an erasure that reads and writes without the revision', async () => {
    const random = seededRandom('naive erasure')
    let wrong: string | undefined
    for (let round = 0; round < 10 * rounds && !wrong; round++) wrong = await meet(random, naive.unchecked)
    expect(wrong).toEqual(expect.any(String))
    // the planted one may leave anything
    await database.db.collection('deferrals').deleteMany({})
  })

  test(`T1: in ${rounds} rounds each deferral is erased once, and nothing personal comes back`, async () => {
    const random = seededRandom('erasure')
    for (let round = 0; round < rounds; round++) expect(await meet(random, (store) => store)).toBeUndefined()
  })

  test('several erasures of one account count each deferral once, and lose none that is created meanwhile', async () => {
    const nodes = stores.map(nodeOn)
    const [node] = nodes as [Records]
    const created: string[] = []
    for (let count = 0; count < 30; count++) created.push(await createOn(node))
    const create = async () => {
      for (let count = 0; count < 10; count++) created.push(await createOn(node))
    }
    const counts = await Promise.all([...nodes, ...nodes].map(eraseAt).concat(create().then(() => 0)))
    // those that came after the last look of the others
    const rest = await eraseAt(node)
    expect(sum(counts) + rest).toBe(40)
    for (const id of created) expect((await node.find(id))?.erasedAt).toBeDefined()
    await database.db.collection('deferrals').updateMany({}, { $unset: { 'notification.sealed': 1 } })
    expect((await dump(database.db)).get('collection deferrals')).not.toContain(personal)
  })
})
