import { randomBytes } from 'node:crypto'
import { startBank } from '../start.js'
import type { MongoServer } from '../storage/storage.js'
import { selfSignedCertificate } from '../web/certificate.js'
import { createCustomer, createReviewer } from './people.js'
import { createRecorder } from './recorder.js'
import { scenarios } from './scenarios.js'
import { trusting } from './trusting.js'

const titleOf = (text: string) => `\n${text}\n${'='.repeat(text.length)}`

/** Plays every scenario over HTTP on free ports and checks each answer; rejects at the first surprise. */
export async function playHeadless(mongodb: MongoServer | undefined): Promise<void> {
  const began = Date.now()
  let offset = 0
  const certificate = selfSignedCertificate('localhost')
  const recorder = createRecorder(trusting(certificate))
  const bank = await startBank({
    // A database of its own: whoever waits in another one is not ours.
    mongodb: mongodb && { ...mongodb, database: `harbour_${randomBytes(6).toString('hex')}` },
    ports: [0, 0, 0, 0, 0],
    deferral: { interval: 1, now: () => new Date(Date.now() + offset) },
    fetch: recorder.fetchAs('Bank'),
    certificate,
  })
  const advance = (seconds: number) => {
    offset += seconds * 1000
  }
  try {
    console.log(titleOf(`The reviewers come to work (everything in ${bank.storage})`))
    const reviewer = await createReviewer(bank, recorder)
    const riskOfficer = await createReviewer(bank, recorder, 'kim')
    for (const [title, play] of Object.entries(scenarios)) {
      console.log(titleOf(title))
      recorder.take()
      const customerNamed = (account: string) => createCustomer(bank, recorder, account)
      await play({ bank, customerNamed, reviewer, riskOfficer, recorder, advance })
    }
  } finally {
    await bank.erase()
  }
  console.log(
    `\nAll ${Object.keys(scenarios).length} journeys went as they should, in ${((Date.now() - began) / 1000).toFixed(1)} s.`,
  )
}
