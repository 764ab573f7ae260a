import { randomBytes } from 'node:crypto'
import type { DeferralOptions } from '../provider/application.js'
import { paymentPolicy } from '../provider/payment_policy.js'
import { startBank } from '../start.js'
import type { MongoServer } from '../storage/storage.js'
import { selfSignedCertificate } from '../web/certificate.js'
import type { Scenarios } from './cast.js'
import { notificationScenarios } from './notification_scenarios.js'
import { createCustomer, createReviewer } from './people.js'
import { bankPolicy, policyScenarios } from './policy_scenarios.js'
import { createReceiver } from './receiver.js'
import { createRecorder } from './recorder.js'
import { scenarios } from './scenarios.js'
import { trusting } from './trusting.js'

const titleOf = (text: string) => `\n${text}\n${'='.repeat(text.length)}`

/** Plays scenarios at a bank of their own, with this poll interval in seconds. */
async function play(
  mongodb: MongoServer | undefined,
  { interval, ...deciding }: Pick<DeferralOptions, 'interval' | 'defer' | 'reconsider' | 'task'>,
  scenarios: Scenarios,
): Promise<void> {
  let offset = 0
  const certificate = await selfSignedCertificate()
  const recorder = createRecorder(trusting(certificate))
  const receiver = createReceiver()
  const bank = await startBank({
    // A database of its own, so that no request of another run is in it.
    mongodb: mongodb && { ...mongodb, database: `harbour_${randomBytes(6).toString('hex')}` },
    ports: [0, 0, 0, 0, 0, 0],
    deferral: { ...deciding, ...(interval && { interval }), now: () => new Date(Date.now() + offset) },
    fetch: recorder.fetchAs('Bank'),
    beforeNotification: receiver.middleware,
    certificate,
  })
  const advance = (seconds: number) => {
    offset += seconds * 1000
  }
  try {
    console.log(titleOf(`The reviewers sign in (everything in ${bank.storage}, interval ${interval} s)`))
    const reviewer = await createReviewer(bank, recorder)
    const riskOfficer = await createReviewer(bank, recorder, 'kim')
    for (const [title, play] of Object.entries(scenarios)) {
      console.log(titleOf(title))
      recorder.take()
      receiver.answers.length = 0
      const customerNamed = (account: string) => createCustomer(bank, recorder, account)
      await play({ bank, customerNamed, reviewer, riskOfficer, recorder, receiver, advance })
    }
  } finally {
    await bank.erase()
  }
}

/** Plays the scenarios of the policy at a bank whose payments it decides. */
async function playWithPolicy(mongodb: MongoServer | undefined): Promise<Scenarios> {
  const service = await bankPolicy()
  const { close, ...deciding } = paymentPolicy(service)
  const played = policyScenarios(service)
  try {
    await play(mongodb, { interval: 1, ...deciding }, played)
    return played
  } finally {
    await Promise.all([close(), service.close()])
  }
}

/** Plays every scenario over HTTP on free ports. Rejects when a check fails. */
export async function playHeadless(mongodb: MongoServer | undefined): Promise<void> {
  const began = Date.now()
  await play(mongodb, { interval: 1 }, scenarios)
  await play(mongodb, { interval: 60 }, notificationScenarios)
  const ofPolicy = await playWithPolicy(mongodb)
  const count = Object.keys({ ...scenarios, ...notificationScenarios, ...ofPolicy }).length
  console.log(`\nAll ${count} journeys passed, in ${((Date.now() - began) / 1000).toFixed(1)} s.`)
}
