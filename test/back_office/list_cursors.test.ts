import { type DeferralStore, type ListOrder, memoryStore } from 'oidc-provider-deferred'
import { beforeAll, describe, expect, test } from 'vitest'
import { at } from '../../lib/testing/fixture.js'
import { describeMongo, useMongoStore } from '../support/database.js'
import { deferralsOf, type Office, officeOn, pagesOf } from '../support/office.js'

const orders: ListOrder[] = ['newest', 'oldest', 'due', 'expiring']
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const refused = 'list: cursor must be one that list returned for the same order'

const cursorOf = (place: string) => Buffer.from(place).toString('base64url')
const idOf = (cursor: string) => Buffer.from(cursor, 'base64url').toString().slice(-22)

/** Cursors of any making, on any store; `letters` take the place of every byte of a cursor. */
function takesCursors(storeOf: () => DeferralStore, letters: string): void {
  let office: Office
  let strangerIds: string[]

  beforeAll(async () => {
    office = await officeOn(storeOf())
    const stranger = await officeOn(office.store)
    for (const second of [0, 1, 1, 2, 3]) {
      const members = { expiresIn: 500 - second, ...(second % 2 && { dueAt: at(200) }) }
      await office.insert(members, at(second))
      await stranger.insert(members, at(second))
    }
    strangerIds = (await stranger.deferrals.list()).deferrals.map(({ id }) => id)
  })

  const idsOf = async (order: ListOrder, cursor?: string) => {
    const { deferrals } = await office.deferrals.list({ order, ...(cursor !== undefined && { cursor }) })
    return deferrals.map(({ id }) => id)
  }

  /** It is refused as a wrong argument, or it is a place: own rows, in order, from somewhere to the end. */
  async function isRefusedOrAPlace(order: ListOrder, cursor: string, all: string[]): Promise<'refused' | 'a place'> {
    try {
      const ids = await idsOf(order, cursor)
      expect(ids).toEqual(ids.length ? all.slice(-ids.length) : [])
      return 'a place'
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toBe(refused)
      return 'refused'
    }
  }

  test.each(orders)('of the order %s, with any byte changed, is refused or only a place', async (order) => {
    const all = await idsOf(order)
    const { cursor = '' } = await office.deferrals.list({ order, limit: 2 })
    const results: string[] = []
    for (let index = 0; index < cursor.length; index++) {
      for (const letter of letters) {
        const tampered = cursor.slice(0, index) + letter + cursor.slice(index + 1)
        if (tampered === cursor) continue
        const result = await isRefusedOrAPlace(order, tampered, all)
        if (!alphabet.includes(letter)) expect(result).toBe('refused')
        results.push(result)
      }
    }
    expect(new Set(results)).toEqual(new Set(['refused', 'a place']))
  })

  test.each(orders)('of the order %s, cut or lengthened anywhere, is refused', async (order) => {
    const { cursor = '' } = await office.deferrals.list({ order, limit: 2 })
    for (let length = 0; length < cursor.length; length++) {
      await expect(idsOf(order, cursor.slice(0, length))).rejects.toThrow(refused)
      await expect(idsOf(order, cursor.slice(length + 1))).rejects.toThrow(refused)
    }
    for (const more of ['=', 'A', ' ', '\n', '\u0000', cursor]) {
      await expect(idsOf(order, cursor + more)).rejects.toThrow(refused)
      await expect(idsOf(order, more + cursor)).rejects.toThrow(refused)
    }
  })

  test('of another order is refused', async () => {
    for (const order of orders) {
      const { cursor = '' } = await office.deferrals.list({ order, limit: 2 })
      for (const other of orders.filter((name) => name !== order)) {
        await expect(idsOf(other, cursor)).rejects.toThrow(refused)
      }
    }
  })

  test('of another filter is only a place', async () => {
    const all = await idsOf('newest')
    const page = await office.deferrals.list({ status: 'pending', clientId: 'client', limit: 1 })
    expect(await idsOf('newest', page.cursor)).toEqual(all.slice(1))
  })

  test.each(orders)('of another issuer in the order %s is only a place', async (order) => {
    const all = await idsOf(order)
    const stranger = deferralsOf(office.store, await issuerOf(strangerIds[0] ?? ''), () => at(100))
    const { cursor = '' } = await stranger.list({ order, limit: 2 })
    expect(strangerIds).toContain(idOf(cursor))
    expect(await isRefusedOrAPlace(order, cursor, all)).toBe('a place')
    expect((await stranger.list({ order })).deferrals.map(({ id }) => id)).not.toContain(all[0])
  })

  test.each(orders)('made by hand for the order %s is refused or only a place', async (order) => {
    const all = await idsOf(order)
    const id = all[2] ?? ''
    const times = ['0', '-1', '999999999999999', '-999999999999999', `${at(1).getTime()}`]
    for (const time of times) {
      expect(await isRefusedOrAPlace(order, cursorOf(`${order}.${time}.${id}`), all)).toBe('a place')
    }
    expect(await isRefusedOrAPlace(order, cursorOf(`${order}..${id}`), all)).toBe(
      order === 'due' ? 'a place' : 'refused',
    )
    const bad = ['NaN', '1e9', '01', '-0', '+1', ' 1', '1.5', '9999999999999999', '{}', 'null', '$now', '١']
    for (const time of bad) await expect(idsOf(order, cursorOf(`${order}.${time}.${id}`))).rejects.toThrow(refused)
    const ids = ['', 'short', `${id}x`, `${id.slice(1)}.`, `${id.slice(1)}\u0000`, `${id}\n`, '{"$gt":""}'.padEnd(22)]
    for (const other of ids) await expect(idsOf(order, cursorOf(`${order}.1.${other}`))).rejects.toThrow(refused)
    for (const whole of ['', '.', '..', order, `${order}.1`, `__proto__.1.${id}`, `toString.1.${id}`, `.1.${id}`]) {
      await expect(idsOf(order, cursorOf(whole))).rejects.toThrow(refused)
    }
    await expect(idsOf(order, 'A'.repeat(1_000_000))).rejects.toThrow(refused)
  })

  test('of list is no cursor of notifications.list in another order, and that one keeps its own', async () => {
    const { cursor = '' } = await office.deferrals.list({ order: 'oldest', limit: 1 })
    await expect(office.deferrals.notifications.list({ cursor })).rejects.toThrow(refused)
    const first = await office.deferrals.notifications.list({ limit: 2 })
    const second = await office.deferrals.notifications.list({ cursor: first.cursor ?? '' })
    const ids = [...first.notifications, ...second.notifications].map(({ id }) => id)
    expect(ids).toEqual(await idsOf('newest'))
  })

  test('goes on where a row was that is not selected any more', async () => {
    const { deferrals, cursor = '' } = await office.deferrals.list({ order: 'due', limit: 2 })
    const rest = await pagesOf(office.deferrals, { order: 'due', cursor })
    await office.deferrals.deny(deferrals[1]?.id ?? '')
    expect(await pagesOf(office.deferrals, { order: 'due', cursor })).toEqual(rest)
  })

  async function issuerOf(id: string): Promise<string> {
    const record = await office.store.find(id)
    return record?.issuer ?? ''
  }
}

describe('a cursor, in memory', () => {
  const store = memoryStore()
  takesCursors(() => store, `${alphabet}=+/ .\u0000é`)
})

describeMongo('a cursor, on MongoDB', () => takesCursors(useMongoStore(), 'Aw9_='))
