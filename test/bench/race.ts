import type { Contender, Contest } from './contests.js'
import { send } from './load.js'
import { type Seeds, seedsFrom } from './seeds.js'
import { type Place, type Server, withServers } from './servers.js'

/** How much is measured: rounds of two segments per contender, requests per segment, at most so many seconds. */
export interface Extent {
  rounds: number
  requests: number
  seconds: number
}

/** What one contender did in one round. */
export interface Lap {
  /** requests per second */
  rate: number
  /** CPU microseconds per request */
  cpu: number
}

/** Laps by the contender's name, in the order of the rounds. */
export type Laps = Map<string, Lap[]>

type Segment = { seconds: number; cpu: number }

const fewestRounds = 3
const counted = 50

/** Measures every contender in every round, there and back, so that what changes steadily weighs on all of them. */
export async function race(contest: Contest, place: Place, { rounds, requests, seconds }: Extent): Promise<Laps> {
  const { contenders } = contest
  const count = Math.ceil(requests * contest.share)
  const laps: Laps = new Map(contenders.map(({ name }) => [name, []]))
  await onServers(contest, place, false, async (run) => {
    for (const contender of contenders) await run(contender, 2 * count)
    const deadline = Date.now() + seconds * 1000
    for (let round = 0; round < rounds && (round < fewestRounds || Date.now() < deadline); round++) {
      const there = new Map<Contender, Segment>()
      for (const contender of contenders) there.set(contender, await run(contender, count))
      for (const contender of contenders.toReversed()) {
        const back = await run(contender, count)
        laps.get(contender.name)?.push(lap([there.get(contender) as Segment, back], 2 * count))
      }
    }
  })
  return laps
}

/** MongoDB commands per request, by contender and command. */
export async function countCommands(contest: Contest, place: Place): Promise<Map<string, Record<string, number>>> {
  const commands = new Map<string, Record<string, number>>()
  await onServers(contest, place, true, async (run, serverOf) => {
    for (const contender of contest.contenders.filter(({ again }) => !again)) {
      await run(contender, counted)
      const { commands: before } = await serverOf(contender).usage()
      await run(contender, counted)
      const { commands: after } = await serverOf(contender).usage()
      const perRequest = (name: string) => ((after[name] ?? 0) - (before[name] ?? 0)) / counted
      commands.set(contender.name, Object.fromEntries(Object.keys(after).map((name) => [name, perRequest(name)])))
    }
  })
  return commands
}

type Run = (contender: Contender, count: number) => Promise<Segment>

async function onServers(
  { contenders }: Contest,
  place: Place,
  monitor: boolean,
  measure: (run: Run, serverOf: (contender: Contender) => Server) => Promise<void>,
): Promise<void> {
  await place.db.dropDatabase()
  await withServers(contenders, place, { monitor }, async (serverOf) => {
    const deferring = contenders.find(({ subject }) => subject === 'ours') as Contender
    const seeds = await seedsFrom(place.db, `http://127.0.0.1:${serverOf(deferring).port}`)
    await measure((contender, count) => segment(contender, serverOf(contender), seeds, count), serverOf)
  })
}

async function segment({ requests, answer }: Contender, server: Server, seeds: Seeds, count: number): Promise<Segment> {
  const batch = await seeds[requests](count)
  const before = await server.usage()
  const start = performance.now()
  await send(server.port, batch, answer)
  const seconds = (performance.now() - start) / 1000
  const after = await server.usage()
  return { seconds, cpu: after.cpu - before.cpu }
}

function lap(segments: Segment[], count: number): Lap {
  const sum = (member: keyof Segment) => segments.reduce((total, one) => total + one[member], 0)
  return { rate: count / sum('seconds'), cpu: sum('cpu') / count }
}
