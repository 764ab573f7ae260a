import { expect, test } from '@jest/globals'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { at, newDeferral } from './new_deferral.js'

/** What every store owes the back office. */
export function listingContract(open: () => DeferralStore): void {
  test('lists newest first, page by page, by status, client and account', async () => {
    const store = open()
    const clientId = newId()
    const made: string[] = []
    for (const second of [0, 0, 1, 2]) made.unshift((await store.create(newDeferral({ clientId }), at(second))).id)
    const first = await store.list({ clientId, limit: 3 }, at(3))
    const last = first.at(-1) as DeferralRecord
    const second = await store.list({ clientId, limit: 3, after: last }, at(3))
    expect(first.slice(0, 2).map(({ id }) => id)).toEqual(made.slice(0, 2))
    expect([...first, ...second].map(({ id }) => id).sort()).toEqual([...made].sort())

    await store.decide(made[0] as string, 'approved', { by: 'reviewer' }, at(2))
    const ids = async (status: 'pending' | 'approved' | 'expired', now: Date) =>
      (await store.list({ clientId, accountId: 'account', status, limit: 10 }, now)).map(({ id }) => id)
    expect(await ids('approved', at(3))).toEqual([made[0]])
    expect(await ids('pending', at(3))).toHaveLength(3)
    expect(await ids('expired', at(3))).toEqual([])
    expect(await ids('pending', at(60))).toEqual([made[1]])
    expect(await ids('expired', at(60))).toHaveLength(2)
    expect(await ids('approved', at(62))).toEqual([])
    expect(await store.list({ accountId: 'nobody', limit: 10 }, at(3))).toEqual([])
  })
}
