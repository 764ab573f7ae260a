import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import { type Operation, points, type Scene, setScene, strike, sweep, sweepPlanted, wrongUnless } from './crash.js'
import { hasty } from './crash_nodes.js'
import type { Seed } from './seed.js'

const erase: Operation<Seed> = {
  prepare: async (scene) => (await scene.seed(1, 'approved'))[0] as Seed,
  write: 'swap erased',
  act: ({ deferrals }, { id }) => deferrals.erase({ id }, { by: 'victim' }),
  async aftermath({ survivor: { deferrals }, rp }, { id, deferredAuthId }, written, passed) {
    const { erased } = await deferrals.erase({ id }, { by: 'survivor' })
    const { status, accountId, cancelledBy, history } = (await deferrals.get(id)) ?? {}
    const { body } = await rp.poll(deferredAuthId)
    const canceller = passed.includes('after swap cancelled') ? 'victim' : 'survivor'
    return wrongUnless(
      [written ? 0 : 1, 'cancelled', null, canceller, written ? 'victim' : 'survivor', 'access_denied'],
      [erased, status, accountId, cancelledBy, history?.at(-1)?.by, body.error],
    )
  },
}

describeMongo('a provider dies in the middle of an erasure', () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await setScene()
  })
  afterAll(() => strike(scene))

  test('T2: the sweep catches a store that answers before it writes', async () => {
    expect(await sweepPlanted(scene, erase, hasty)).toEqual(expect.any(String))
  })

  test('T2: the next call finishes it, and counts it unless it was written', async () => {
    const places = await points(scene, erase)
    process.stderr.write(`erase: ${places.length} places to die: ${places.join(', ')}\n`)
    expect(places).toEqual(expect.arrayContaining(['after swap cancelled', 'before swap erased', 'after swap erased']))
    expect(await sweep(scene, erase, places)).toEqual([])
  })
})
