import assert from 'node:assert/strict'
import { newId } from '../deferral/handle.js'
import type { DeferralStore, Stored, Watch } from '../deferral/store.js'
import { at, changeOf, type Fixture, type Tests } from './fixture.js'

// seconds: a hint that comes later is of no use
const patience = 10

/** The contract of `watch`, for stores that have it. */
export const watchTests: Tests = {
  async 'watch tells every node of changes that another node writes'(fixture) {
    await watching(fixture, async ([first, second], { swap, insert }) => {
      const members = { status: 'denied', decision: {}, decidedAt: at(1) }
      const { id } = await swap(await insert(), members)
      await first?.told(id)
      await second?.told(id)
    })
  },

  async 'watch tells of progress, and of an interaction that is over'(fixture) {
    await watching(fixture, async ([watcher], { swap, insert }) => {
      const [reviewed, resumed] = [await insert(), await insert()]
      await swap(reviewed, { progress: { step: 'review', position: 1 } })
      await watcher?.told(reviewed.id)
      await swap(resumed, { interaction: undefined })
      await watcher?.told(resumed.id)
    })
  },

  async 'watch tells whether a notification may be due'(fixture) {
    await watching(fixture, async ([watcher], { swap, insert }) => {
      const before = await insert()
      const owed = { ...before.notification, status: 'owed', due: at(1) }
      const approved = { status: 'approved', decision: {}, decidedAt: at(1) }
      const decided = await swap(before, { ...approved, notification: owed })
      assert.equal(await watcher?.told(decided.id), true, 'a notification became due')
      const { id } = await swap(await insert(), { ...approved, ping: owed })
      assert.equal(await watcher?.told(id), true, 'a ping became due')
    })
  },

  async 'watch tells of new deferrals, votes, assignments and erasures'(fixture) {
    await watching(fixture, async ([watcher], { swap, insert }) => {
      const vote = { votes: [{ by: 'reviewer', at: at(1) }] }
      const assigned = { assignee: { to: 'reviewer', at: at(1), until: at(9) } }
      for (const members of [vote, assigned, { overdueAt: at(1) }, { expiredAt: at(1) }, { erasedAt: at(1) }]) {
        const { id } = await swap(await insert(), members)
        await watcher?.told(id)
      }
    })
  },

  async 'watch tells nobody who has closed it'(fixture) {
    await watching(fixture, async ([closed, open], { swap, insert }) => {
      const before = await insert()
      await closed?.close()
      const { id } = await swap(before, { progress: { step: 'review' } })
      await open?.told(id)
      assert(!closed?.hasHeard(id), 'no call after close')
    })
  },
}

interface Listener {
  /** resolves to `isDue` when the store has told of this id */
  told(id: string): Promise<boolean>
  hasHeard(id: string): boolean
  forget(id: string): void
  close(): Promise<void>
}

interface Writer {
  insert(): Promise<Stored>
  swap(before: Stored, members: object): Promise<Stored>
}

// nodes 1 and 2 listen, nodes 0 and 3 write
async function watching(
  { nodes, insert }: Fixture,
  test: (listeners: Listener[], writer: Writer) => Promise<void>,
): Promise<void> {
  const listeners = await Promise.all(nodes.slice(1, 3).map(listenerOn))
  const [first, second] = listeners
  // a store may have the method, and no way to tell
  if (!first || !second) return
  try {
    await test([first, second], {
      // what is told from now on is told of a swap
      async insert() {
        const record = await insert()
        for (const listener of [first, second]) {
          await listener.told(record.id)
          listener.forget(record.id)
        }
        return record
      },
      async swap(before, members) {
        const swapped = await nodes[3]?.swap(before, changeOf(before, members), newId(), at(1))
        assert(swapped, 'swap of the stored revision')
        return swapped
      },
    })
  } finally {
    await Promise.all(listeners.map((listener) => listener?.close()))
  }
}

async function listenerOn(node: DeferralStore): Promise<Listener | undefined> {
  const heard = new Map<string, boolean>()
  const watch: Watch | undefined = await node.watch?.((id, isDue) => heard.set(id, isDue))
  return (
    watch && {
      hasHeard: (id) => heard.has(id),
      forget: (id) => void heard.delete(id),
      async told(id) {
        const end = performance.now() + patience * 1000
        while (!heard.has(id)) {
          assert(performance.now() < end, `watch tells of a change within ${patience} s`)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        return heard.get(id) === true
      },
      close: () => watch.close(),
    }
  )
}
