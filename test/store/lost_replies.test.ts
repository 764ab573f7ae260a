import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { begin, transit } from '../../lib/deferral/transit.js'
import { events } from '../deferral/states.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { faultsOf, firstEntry, losing, madeIn, newRecord, paths, ways } from './lost_replies.js'
import { lastWriteOnly } from './naive_transit.js'
import { at, start } from './new_deferral.js'

const names = Object.keys(paths) as (keyof typeof paths)[]
const [approve, deny, cancel] = [events.approve[1], events.deny[1], events.cancel[1]]
const now = at(2)

function lostReplies(open: () => DeferralStore): void {
  describe.each(Object.entries(ways))('a write whose reply is lost, and that %s', (_way, way) => {
    test.each(names)('T9: %s is made once, and known to be', async (name) => {
      expect(await faultsOf(transit, open(), name, way)).toEqual([])
    })

    test('T9: insert', async () => {
      const [store, record] = [open(), newRecord()]
      const { lossy, seen } = losing(store, way)
      const outcome = begin(lossy, record, firstEntry, start)
      if (!way.isMade && way.others === 0) await expect(outcome).rejects.toThrow('planted')
      // another one has this id
      else if (!way.isMade) expect(await outcome).toBeUndefined()
      else expect(await outcome).toMatchObject({ id: record.id, revision: way.others })
      expect(seen.reads).toEqual([true])
      expect(seen.writes).toBe(1)
    })
  })

  test('T9: somebody else was faster, while the reply of a write that was not made is lost', async () => {
    const store = open()
    const id = await madeIn(store, ['exchange'])
    const { lossy } = losing(store, ways['was not made'])
    const outrun = { ...lossy, swap: afterwards(lossy, () => transit(store, id, deny, { now })) }
    expect(await transit(outrun, id, approve, { now })).toBeUndefined()
    expect(await store.find(id, now)).toMatchObject({ status: 'denied' })
  })

  test('T9: what was made is told as it was written, whatever became of it since', async () => {
    const store = open()
    const id = await madeIn(store, ['exchange'])
    const { lossy } = losing(store, ways['was made'])
    const overtaken = { ...lossy, swap: afterwards(lossy, () => transit(store, id, cancel, { now: at(3) })) }
    const written = await transit(overtaken, id, approve, { now })
    expect(written).toMatchObject({ record: { status: 'approved', revision: 2 }, entry: { event: 'approved' } })
    expect(await store.find(id, now)).toMatchObject({ status: 'cancelled', revision: 3 })
  })

  test.each(['find', 'history', 'swap'] as const)(
    'T9: a second fault, of %s, is not known and rejects',
    async (second) => {
      const store = open()
      const id = await madeIn(store, ['exchange'])
      const { lossy, seen } = losing(
        store,
        second === 'swap' ? ways['was not made'] : ways['was made, and somebody has written since'],
      )
      const fails = new Error('planted: a second fault')
      const failing = Object.assign(
        { ...lossy },
        {
          [second]: (...args: never[]) => {
            if (seen.writes > 0) return Promise.reject(fails)
            return Reflect.apply(lossy[second], lossy, args)
          },
        },
      )
      await expect(transit(failing, id, approve, { now })).rejects.toBe(fails)
    },
  )
}

describe('memoryStore', () => {
  const store = memoryStore()

  lostReplies(() => store)

  test('T9: a planted rule that looks at the last write only takes what was made for refused, or makes it twice', async () => {
    const faults: Record<string, string[]> = {}
    for (const [what, way] of Object.entries(ways))
      for (const name of names) {
        const found = await faultsOf(lastWriteOnly, store, name, way)
        if (found.length > 0) faults[`${name} ${what}`] = found
      }
    const since = 'was made, and somebody has written since'
    expect(faults[`redeem ${since}`]).toContain('taken for refused')
    expect(faults[`exchange ${since}`]).toContain('taken for refused')
    expect(faults[`requireInteraction ${since}`]).toContain('2 entries')
    expect(Object.keys(faults).length).toBeGreaterThan(20)
    expect(Object.keys(faults).every((at) => at.includes('was made, and'))).toBe(true)
  })
})

describeMongo('mongoStore', () => {
  lostReplies(useMongoStore())
})

// others write between the loss and the moment it is heard of
function afterwards({ swap }: DeferralStore, others: () => Promise<unknown>): DeferralStore['swap'] {
  let isFirst = true
  return async (...args) => {
    if (!isFirst) return swap(...args)
    isFirst = false
    try {
      return await swap(...args)
    } finally {
      await others()
    }
  }
}
