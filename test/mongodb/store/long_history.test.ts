import type { CommandStartedEvent } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { beforeAll, expect, test } from 'vitest'
import { comment } from '../../../lib/deferral/assignment_transitions.js'
import { transit } from '../../../lib/deferral/transit.js'
import { events } from '../../deferral/states.js'
import { cases, historyOf, placesLeft } from '../../store/long_histories.js'
import { madeIn } from '../../store/lost_replies.js'
import { at } from '../../store/new_deferral.js'
import { recorded } from '../../store/recorded.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { verbsOn } from '../../support/records.js'

describeMongo('a long history in MongoDB', () => {
  const database = useDatabase({ monitorCommands: true })
  let store: ReturnType<typeof mongoStore>
  const collection = () => database.db.collection<{ _id: string }>('deferrals')

  beforeAll(async () => {
    store = mongoStore(database.db)
    await store.migrate()
  })

  /** A deferral whose history was replaced. */
  async function madeWith(history: object[], members: object = {}): Promise<string> {
    const id = await madeIn(store, ['exchange', 'requireInteraction'])
    await collection().updateOne({ _id: id }, { $set: { history, revision: history.length, ...members } })
    return id
  }

  test.each(cases)('%s', async (_name, counts, removed) => {
    const id = await madeWith(historyOf(counts))
    await transit(store, id, events.approve[1], { now: at(3) })
    const history = await store.history(id)
    expect(history.slice(0, -1).map(({ writeId }) => writeId)).toEqual(placesLeft(counts, removed))
    const { writeId } = (await store.find(id))!
    expect(history.at(-1)).toStrictEqual({ at: at(3), event: 'approved', by: 'reviewer', writeId })
  })

  test('is changed in one write, which sets and removes the same members as for a short one', async () => {
    const long = await madeWith(historyOf([['progress', 200]]))
    const short = await madeIn(store, ['exchange', 'requireInteraction'])
    const members = async (id: string) => {
      const {
        id: _,
        revision,
        writeId,
        purgeAt,
        readAt,
        ...others
      } = (await store.find(id, at(9))) as Awaited<ReturnType<typeof store.find>> & { purgeAt: Date; _id?: string }
      return { ...others, _id: '' }
    }
    for (const name of ['progress', 'resume', 'assign', 'cancel'] as const) {
      const now = at(3)
      const [known, revision] = [await store.find(long, now), (await store.find(long))!.revision]
      const commands: CommandStartedEvent[] = await recorded(database.db, () =>
        transit(store, long, events[name][1], { now, snapshot: known }),
      )
      expect(commands.map(({ commandName }) => commandName)).toEqual(['update'])
      await transit(store, short, events[name][1], { now })
      expect(await members(long)).toEqual(await members(short))
      expect((await store.find(long))?.revision).toBe(revision + 1)
      expect(await store.history(long)).toHaveLength(200)
    }
  })

  test('takes texts that look like expressions as texts', async () => {
    const id = await madeWith(historyOf([['progress', 200]]))
    const text = '$$ROOT.source'
    await transit(store, id, comment({ by: ['$writeId', '$$NOW'], text }), { now: at(3) })
    expect((await store.history(id)).at(-1)).toMatchObject({ event: 'commented', by: ['$writeId', '$$NOW'], text })
    await verbsOn(store).progress(id, { step: '$history' }, at(3))
    expect(await store.find(id)).toMatchObject({ progress: { step: '$history' } })
  })

  test('a change without an entry leaves it as it is', async () => {
    const id = await madeWith(historyOf([['progress', 250]]))
    await transit(store, id, events.arm[1], { now: at(6) })
    expect(await store.history(id)).toHaveLength(250)
  })
})
