import type { MongoClient } from 'mongodb'
import type { Fleet } from './fleet.js'
import { oneOf } from './random.js'

/** How often each thing was done. */
export interface Deeds {
  kills: number
  stops: number
  stepDowns: number
}

const pace = 2000
// longer than a lease, shorter than a notification is held back for the answer of an exchange
const coma = () => 11_000 + 2000 * Math.random()

/**
 * Every two seconds kills one provider process and stops another, most times for a moment, every fifth time for longer than a lease;
 * every fourth time the primary of the database steps down. Goes on until told.
 */
export function startNemesis(fleet: Fleet, database: MongoClient, random: () => number): { end(): Promise<Deeds> } {
  const deeds: Deeds = { kills: 0, stops: 0, stepDowns: 0 }
  let round = 0
  const timer = setInterval(() => {
    round += 1
    if (round % 4 === 0) {
      stepDown(database)
      deeds.stepDowns += 1
    }
    strike()
  }, pace)

  function strike(): void {
    // a slow machine is given the time to start the one that was killed before, or nothing at all goes on
    if (fleet.up().length < fleet.size) return
    const awake = fleet.up().filter(({ isStopped }) => !isStopped)
    const victim = oneOf(awake, random)
    fleet.kill(victim)
    deeds.kills += 1
    if (awake.length < fleet.size) return
    const sleeper = oneOf(
      awake.filter((member) => member !== victim),
      random,
    )
    fleet.stop(sleeper, round % 5 === 0 ? coma() : 200 + 1300 * random())
    deeds.stops += 1
  }

  return {
    async end() {
      clearInterval(timer)
      fleet.wake()
      await fleet.whole()
      return deeds
    },
  }
}

/** The primary steps down for five seconds. */
export function stepDown(database: MongoClient): void {
  const command = { replSetStepDown: 5, secondaryCatchUpPeriodSecs: 2, force: true }
  void database
    .db('admin')
    .command(command)
    .catch(() => undefined)
}

/** Has the members of a replica set elect a primary within a second or two. */
export async function hurryElections(database: MongoClient): Promise<void> {
  const admin = database.db('admin')
  const { config } = await admin.command({ replSetGetConfig: 1 })
  const settings = { ...config.settings, electionTimeoutMillis: 1000, heartbeatIntervalMillis: 500 }
  await admin.command({ replSetReconfig: { ...config, version: config.version + 1, settings } })
}
