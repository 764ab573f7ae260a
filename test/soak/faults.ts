import type { MongoClient } from 'mongodb'
import type { Fleet } from '../chaos/fleet.js'
import { stepDown } from '../chaos/nemesis.js'
import { oneOf } from '../chaos/random.js'

/** How often each thing was done. */
export interface Deeds {
  kills: number
  stepDowns: number
}

/** The process that is never killed, so that its memory can be followed. */
export const steady = ({ number }: { number: number }) => number === 0

/**
 * Now and then kills a provider process, never the steady one; every third time the primary of the database steps down instead.
 * `pause` is in seconds, and varies by a fifth.
 */
export function startFaults(fleet: Fleet, database: MongoClient, random: () => number, pause: number) {
  const deeds: Deeds = { kills: 0, stepDowns: 0 }
  let timer: NodeJS.Timeout
  let round = 0

  function strike(): void {
    round += 1
    const victims = fleet.up().filter((member) => !steady(member))
    if (round % 3 === 0) {
      stepDown(database)
      deeds.stepDowns += 1
    } else if (victims.length > 0) {
      fleet.kill(oneOf(victims, random))
      deeds.kills += 1
    }
    wait()
  }

  function wait(): void {
    timer = setTimeout(strike, pause * (0.8 + 0.4 * random()) * 1000)
  }

  wait()
  return {
    deeds,
    async end(): Promise<void> {
      clearTimeout(timer)
      await fleet.whole()
    },
  }
}
