import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { newDeferral } from '../../store/new_deferral.js'
import { recorded } from '../../store/recorded.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { held } from '../../support/deferral.js'
import { withProvider } from '../../support/provider.js'
import { verbsOn } from '../../support/records.js'
import { relyingParty } from '../../support/relying_party.js'

const decided = 300
const limit = 5

describeMongo('what a cap costs a creation', () => {
  const database = useDatabase({ monitorCommands: true })

  test('one count, which examines as many keys as wait, however many were decided', async () => {
    const { db } = database
    const store = mongoStore(db)
    const deferred = { store, now: () => new Date(), maxPending: { perAccount: limit }, defer: () => true }
    await withProvider({ deferred }, async (op) => {
      const { create, decide } = verbsOn(store, op.issuer)
      const members = { accountId: 'alice', clientId: 'secret', expiresIn: 3600 }
      for (let n = 0; n < decided; n++) {
        const record = await create(newDeferral(members))
        await decide(record!.id, 'denied', {})
      }
      for (let n = 0; n < 2; n++) await create(newDeferral(members))
      const commands = await recorded(db, () => held(op, relyingParty(op.issuer), 'authorization_code'))
      // the sweep comes at any moment
      const others = commands.filter(({ command }) => !command.filter?.wakeAt)
      expect(others.map(({ commandName }) => commandName)).toEqual(['aggregate', 'findAndModify'])

      const { aggregate, pipeline, hint } = others[0]!.command
      const explain = { aggregate, pipeline, cursor: {}, ...(hint && { hint }) }
      const plan = await db.command({ explain, verbosity: 'executionStats' })
      const { totalKeysExamined, totalDocsExamined } = (plan.stages?.[0]?.$cursor ?? plan).executionStats
      process.stderr.write(`count of a cap: ${totalKeysExamined} keys, ${totalDocsExamined} documents\n`)
      // two were there, and the third one has been created since
      expect(totalKeysExamined).toBeLessThanOrEqual(limit + 1)

      const all = { issuer: op.issuer, status: ['pending'] as 'pending'[], accountId: 'alice' }
      expect(await store.count({ ...all, limit: 2 })).toBe(2)
      expect(await store.count({ ...all, limit: Number.MAX_SAFE_INTEGER })).toBe(3)
    })
  })
})
