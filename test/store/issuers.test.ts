import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import type { HistoryEntry } from '../../lib/deferral/deferral.js'
import { recordsOf } from '../../lib/deferral/records.js'
import type { Stored } from '../../lib/deferral/store.js'
import { type EventName, events } from '../deferral/states.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { at, newDeferral } from './new_deferral.js'

const names = Object.keys(events) as EventName[]
const [mine, theirs] = ['https://op.example', 'https://op.example/tenant']

function sharesNothing(open: () => DeferralStore): void {
  const announced: HistoryEntry[] = []
  const of = (issuer: string, seconds = 9) =>
    recordsOf(open(), {
      issuer,
      retention: 86_400,
      clock: () => at(seconds),
      onWritten: (_record, entry) => announced.push(entry),
    })

  test('E-19 no event of one issuer moves a deferral of another, whatever its status, known or not', async () => {
    for (const path of [[], ['exchange'], ['exchange', 'approve', 'lease', 'settleFailed']] as EventName[][]) {
      const { id } = (await of(theirs, 0).create(newDeferral())) as Stored
      for (const name of path) expect(await of(theirs, events[name][0]).transit(id, events[name][1])).toBeDefined()
      const before = (await of(theirs).find(id)) as Stored
      announced.length = 0
      for (const name of names) {
        const [seconds, transition] = events[name]
        expect(await of(mine, seconds).transit(id, transition)).toBeUndefined()
        expect(await of(mine, seconds).transit(id, transition, before)).toBeUndefined()
      }
      expect(await of(theirs).find(id)).toEqual(before)
      expect(announced).toEqual([])
      expect(await of(mine).find(id)).toBeUndefined()
      expect(await of(mine).history(id)).toEqual([])
      expect(await of(theirs).history(id)).toHaveLength(path.length + 1)
    }
  })

  test('an id that another issuer has is taken, and stays the other one’s', async () => {
    const request = newDeferral()
    await of(theirs, 0).create(request)
    expect(await of(mine, 0).create({ ...request, clientId: 'mine' })).toBeUndefined()
    expect(await of(mine).find(request.id)).toBeUndefined()
    expect(await of(theirs).find(request.id)).toMatchObject({ clientId: 'client', issuer: theirs })
  })

  test('lists, counts and sweeps have nothing of another issuer', async () => {
    // not even where a query names it
    const query = { issuer: theirs, limit: 100 } as { limit: number }
    const [one, other] = ['https://one.example', 'https://other.example']
    const { id } = (await of(one, 0).create(newDeferral())) as Stored
    await of(other, 0).create(newDeferral())
    const ids = (records: Stored[]) => records.map((record) => record.id)
    expect(ids(await of(one).list(query))).toEqual([id])
    expect(ids(await of(one, 60).due(query))).toEqual([id])
    expect(await of(one).count(query)).toBe(1)
    expect(await of('https://nobody.example').list(query)).toEqual([])
  })

  test('I-116 a decoy is written nowhere', async () => {
    await of(mine).transitDecoy()
    expect(await of(mine).count({ limit: 100 })).toBe(0)
  })
}

describe('two issuers on one memoryStore', () => {
  const store = memoryStore()

  sharesNothing(() => store)
})

describeMongo('two issuers on one collection', () => {
  sharesNothing(useMongoStore())
})
