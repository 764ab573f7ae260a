import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { newDeferral } from '../../store/new_deferral.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { issuer, verbsOn } from '../../support/records.js'

describeMongo('deferrals of a Grant', () => {
  const database = useDatabase({ monitorCommands: true })

  test('are read along an index that holds those with a Grant, in order', async () => {
    const store = mongoStore(database.db)
    const verbs = verbsOn(store)
    const mine = await verbs.create(newDeferral({ grantId: 'mine' }))
    await Promise.all(Array.from({ length: 30 }, (_, n) => verbs.create(newDeferral({ grantId: `another ${n}` }))))
    const filters: object[] = []
    database.db.client.on(
      'commandStarted',
      ({ command }) => command.find === 'deferrals' && filters.push(command.filter),
    )
    const found = await store.list({ issuer, grantId: 'mine', status: ['pending'], limit: 10 })
    expect(found.map(({ id }) => id)).toEqual([mine?.id])
    const query = database.db.collection('deferrals').find(filters[0] as object)
    const plan = await query.sort({ createdAt: -1, _id: -1 }).explain()
    expect(plan.executionStats).toMatchObject({ nReturned: 1, totalDocsExamined: 1 })
    expect(JSON.stringify(plan.queryPlanner.winningPlan)).toContain('"by_grant"')
    expect(JSON.stringify(plan.queryPlanner.winningPlan)).not.toContain('"SORT"')
  })
})
