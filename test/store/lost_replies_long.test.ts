import { type DeferralStore, memoryStore, type Stored } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { erase } from '../../lib/deferral/erasure_transition.js'
import { newId } from '../../lib/deferral/handle.js'
import { transit } from '../../lib/deferral/transit.js'
import { type EventName, events } from '../deferral/states.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { losing, madeIn, ways } from './lost_replies.js'
import { at } from './new_deferral.js'

const cancelled: EventName[] = ['exchange', 'approve', 'cancel']

/** Events whose write has to look at the history: it is long, or it is erased. */
const cases = {
  'a decision after 210 entries': [['exchange'], 210, events.approve, 'approved'],
  'progress after 210 entries': [['exchange'], 210, events.progress, 'progress'],
  'an erasure of 10 entries': [cancelled, 10, [30, erase('kim')], 'erased'],
  'an erasure of 210 entries': [cancelled, 210, [30, erase('kim')], 'erased'],
} as const

function lostReplies(open: () => DeferralStore): void {
  describe.each(Object.entries(ways))('a write whose reply is lost, and that %s', (_way, way) => {
    test.each(Object.entries(cases))('T9: %s is made once, and known to be', async (_name, each) => {
      const [path, count, [seconds, transition], event] = each
      const [store, now] = [open(), at(seconds)]
      const known = await withEntries(store, await madeIn(store, path), count)
      const { lossy, seen } = losing(store, way)
      const written = await transit(lossy, known.id, transition, { snapshot: known, now })
      const history = await store.history(known.id)
      const made = history.filter((entry) => entry.event === event && entry.step !== 'earlier')
      expect(made).toHaveLength(1)
      expect(written?.record.writeId).toBe(made[0]?.writeId)
      expect(written?.entry?.event).toBe(event)
      expect(seen.reads.length).toBeGreaterThan(0)
      expect(seen.reads.every(Boolean)).toBe(true)
      expect(history.length).toBeLessThanOrEqual(200)
      if (event === 'erased') expect(JSON.stringify(history)).not.toMatch(/account|earlier/)
    })
  })
}

/** The record with so many entries more. */
async function withEntries(store: DeferralStore, id: string, count: number): Promise<Stored> {
  let record = (await store.find(id, at(20))) as Stored
  for (let nth = 0; nth < count; nth++) {
    const entry = { at: at(2), event: 'progress', by: ['account', 'kim'], step: 'earlier' }
    record = (await store.swap(record, { after: record, entry }, newId(), at(20))) as Stored
  }
  return record
}

describe('memoryStore', () => {
  const store = memoryStore()

  lostReplies(() => store)
})

describeMongo('mongoStore', () => {
  lostReplies(useMongoStore())
})
