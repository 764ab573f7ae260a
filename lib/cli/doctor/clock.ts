import type { Db } from 'mongodb'
import { duration } from '../times.js'
import { type Check, fine, found } from './finding.js'

const check = 'clock'
const samples = 5
/** Milliseconds. Proofs of clients and the lifetimes of tokens are compared with the clocks of the nodes. */
const tolerance = 5_000

/** The clock of this machine beside that of the database. */
export const clock: Check = async ({ deployment: { db } }) => {
  const measured = []
  for (let sample = 0; sample < samples; sample++) measured.push(await measure(db))
  const [best = { difference: 0, trip: 0 }] = measured.sort((a, b) => a.trip - b.trip)
  const { difference, trip } = best
  if (Math.abs(difference) <= tolerance + trip / 2) {
    return [fine(check, `this machine and the database differ by ${Math.round(Math.abs(difference))} ms`)]
  }
  const says = `this machine is ${duration(difference)} ${difference > 0 ? 'ahead of' : 'behind'} the database`
  return [found(check, says, 'set the clocks of all machines by NTP')]
}

async function measure(db: Db): Promise<{ difference: number; trip: number }> {
  const [before, startedAt] = [Date.now(), performance.now()]
  const { localTime } = await db.command({ hello: 1 })
  const trip = performance.now() - startedAt
  return { difference: before + trip / 2 - new Date(localTime).getTime(), trip }
}
