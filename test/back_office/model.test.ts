import * as fc from 'fast-check'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { historic, hoarding, swallowing } from '../race/naive_stores.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { examples, steps } from './model_steps.js'
import { agree, type Trial } from './model_trial.js'

const twoEnds = [
  'erase',
  'unvote',
  'deny',
  'cancel',
  'assign',
  'unassign',
  'progress',
  'requireInteraction',
  'resume',
  'extend',
  'exchange',
  'redeem',
  'expire',
  'noteOverdue',
]

/** Prints the seed; a failure prints it again with the shortest steps that fail. */
async function check(store: DeferralStore, numRuns: number, spoil: Trial['spoil'] = (one) => one): Promise<void> {
  const seed = Date.now() % 2 ** 31
  process.stderr.write(`back office: ${numRuns} histories, seed ${seed}\n`)
  const met = new Set<string>()
  const trial = { store, spoil, met }
  const quorums = fc.constantFrom(1, 2, 2, 3)
  await fc.assert(
    fc.asyncProperty(quorums, steps, (quorum, history) => agree(trial, quorum, history)),
    { numRuns, seed, examples },
  )
  const expected = [
    ...twoEnds.flatMap((name) => [`${name} changed`, `${name} unchanged`]),
    ...['changed', 'unchanged', 'RangeError', 'TypeError', 'lost'].map((outcome) => `approve ${outcome}`),
    ...['comment changed', 'advance changed', 'unvote lost', 'erase lost'],
  ]
  expect(expected.filter((one) => !met.has(one))).toEqual([])
}

test('the model catches a store that never takes a member away: a withdrawn vote stays', async () => {
  await expect(check(memoryStore(), 500, hoarding)).rejects.toThrow('Property failed')
})

test('the model catches a store that leaves the history of an erased deferral as it is', async () => {
  await expect(check(memoryStore(), 500, historic)).rejects.toThrow('Property failed')
})

test('the model catches a rule that takes a lost reply for "somebody else was faster"', async () => {
  await expect(check(memoryStore(), 500, swallowing)).rejects.toThrow('Property failed')
})

test('memoryStore does what the model does in 400 histories with lost replies', () => check(memoryStore(), 400))

describeMongo('on MongoDB', () => {
  const database = useDatabase()

  test('mongoStore does what the model does in 60 histories with lost replies', () =>
    check(mongoStore(database.db), 60))
})
