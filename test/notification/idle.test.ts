import { setTimeout as after } from 'node:timers/promises'
import type { CommandStartedEvent, Document } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { newDeferral } from '../store/new_deferral.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { verbsOn } from '../support/records.js'

const seconds = 6
const waiting = 200

describeMongo('a node with nothing due', () => {
  const database = useDatabase({ monitorCommands: true })

  test('sends the database one read a second, which examines one key at most', async () => {
    const { db } = database
    const store = mongoStore(db)
    const commands: CommandStartedEvent[] = []
    const note = (event: CommandStartedEvent) => commands.push(event)
    await withProvider({ deferred: { store, now: () => new Date() } }, async ({ issuer }) => {
      // these wait, and are due later
      for (let n = 0; n < waiting; n++)
        await verbsOn(store, issuer).create(newDeferral({ expiresIn: 3600, dueIn: 1800 }))
      db.client.on('commandStarted', note)
      await until(() => commands.length > 0)
      const before = commands.length
      await after(seconds * 1000)
      const sent = commands.length - before
      db.client.off('commandStarted', note)
      process.stderr.write(`${sent} commands in ${seconds} s of a node with nothing due\n`)
      // a pause of 0.8 to 1.2 s after each; more on a busy machine
      expect(sent).toBeGreaterThan(0)
      expect(sent).toBeLessThanOrEqual(seconds / 0.8 + 1)
    })
    expect(new Set(commands.map(({ commandName }) => commandName))).toEqual(new Set(['find']))
    const { filter, sort, hint }: Document = commands[0]?.command ?? {}
    const plan = await db.collection('deferrals').find(filter, { sort, hint }).explain('executionStats')
    expect(plan.executionStats).toMatchObject({ nReturned: 0 })
    process.stderr.write(
      `${plan.executionStats.totalKeysExamined} keys, ${plan.executionStats.totalDocsExamined} documents\n`,
    )
    expect(plan.executionStats.totalKeysExamined).toBeLessThanOrEqual(1)
  })
})
