import type { Contender, Contest } from './contests.js'
import { send } from './load.js'
import { type Seeds, seedsFrom } from './seeds.js'
import { type Place, type Server, withServers } from './servers.js'

/** How much is measured: servers are started so often, rounds on each start, requests in a segment, seconds at most. */
export interface Extent {
  starts: number
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

const warmUp = 3
const counted = 50

/**
 * Measures every contender in every round, there and back, so that what changes steadily weighs on all of them; on several
 * starts, because two processes of one program differ by a few per cent for as long as they live.
 */
export async function race(
  contest: Contest,
  place: Place,
  { starts, rounds, requests, seconds }: Extent,
): Promise<Laps> {
  const { contenders } = contest
  const count = Math.ceil(requests * contest.share)
  const laps: Laps = new Map(contenders.map(({ name }) => [name, []]))
  for (let start = 0; start < starts; start++) {
    const deadline = Date.now() + (seconds * 1000) / starts
    await onServers(contest, place, false, async (run) => {
      for (const contender of contenders) await run(contender, warmUp * count)
      for (let round = 0; round < rounds && (round === 0 || Date.now() < deadline); round++) {
        await oneRound(contenders, (contender) => run(contender, count), count, laps)
      }
    })
  }
  return laps
}

async function oneRound(
  contenders: Contender[],
  run: (contender: Contender) => Promise<Segment>,
  count: number,
  laps: Laps,
): Promise<void> {
  const there = new Map<Contender, Segment>()
  for (const contender of contenders) there.set(contender, await run(contender))
  for (const contender of contenders.toReversed()) {
    const segments = [there.get(contender) as Segment, await run(contender)]
    laps.get(contender.name)?.push(lap(segments, 2 * count))
  }
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
