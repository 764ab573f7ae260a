import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Records, recordsOf } from '../../lib/deferral/records.js'
import { decide, progress } from '../../lib/deferral/transitions.js'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { issuer } from '../support/records.js'
import { newDeferral } from './new_deferral.js'

const crowd = 32

describeMongo('32 writes to one deferral, over four nodes', () => {
  let database: TestDatabase
  let nodes: Records[]
  let stores: DeferralStore[]

  beforeAll(async () => {
    database = await testDatabase()
    const connections = [database.db, ...(await Promise.all([1, 2, 3].map(() => database.connect())))]
    stores = connections.map((db) => mongoStore(db))
    // one view per node: what is on one node waits for its turn
    nodes = stores.map((store) =>
      recordsOf(store, { issuer, retention: 86_400, clock: () => undefined, onWritten: () => {} }),
    )
    await nodes[0]?.find('migrates')
  })

  afterAll(() => database.drop())

  async function created(): Promise<string> {
    const request = newDeferral({ handleHash: 'hash', expiresIn: 3600 })
    expect(await nodes[0]?.create(request)).toBeDefined()
    return request.id
  }

  const everywhere = <T>(write: (node: Records, nth: number) => Promise<T>) =>
    Promise.all(Array.from({ length: crowd }, (_, nth) => write(nodes[nth % nodes.length] as Records, nth)))

  test('I5 T6: of 32 approvals one wins, none rejects, and all see whose it is', async () => {
    for (let round = 0; round < 3; round++) {
      const id = await created()
      const outcomes = await everywhere((node, nth) => node.transit(id, decide('approved', { by: `reviewer ${nth}` })))
      const winners = outcomes.flatMap((record, nth) => (record ? [nth] : []))
      expect(winners).toHaveLength(1)
      const decision = { by: `reviewer ${winners[0]}` }
      for (const node of nodes) expect(await node.find(id)).toMatchObject({ status: 'approved', decision, revision: 1 })
    }
  })

  test('I2 I5: 31 progress updates beside one approval do not make it fail, and none of them rejects', async () => {
    for (let round = 0; round < 5; round++) {
      const id = await created()
      const approval = round * 7
      const outcomes = await everywhere((node, nth) =>
        node.transit(id, nth === approval ? decide('approved', {}) : progress({ step: `step ${nth}` })),
      )
      expect(outcomes[approval]).toMatchObject({ status: 'approved' })
      const steps = outcomes.flatMap((record, nth) => (record && nth !== approval ? [`step ${nth}`] : []))
      const history = (await nodes[1]?.history(id)) ?? []
      // each is in the history that was told that it is, and nothing comes after the decision
      expect(history.flatMap(({ step }) => (step ? [step] : [])).sort()).toEqual(steps.sort())
      expect(history.at(-1)).toMatchObject({ event: 'approved' })
      expect(await nodes[2]?.find(id)).toMatchObject({ status: 'approved', revision: history.length - 1 })
    }
  })
})
