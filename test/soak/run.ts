import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { type Endpoints, startEndpoints } from '../chaos/endpoints.js'
import { type Fleet, startFleet } from '../chaos/fleet.js'
import { type AnyNode, pause } from '../chaos/flows.js'
import { hurryElections } from '../chaos/nemesis.js'
import { randomOf } from '../chaos/random.js'
import { turnsOf } from '../chaos/run.js'
import type { SoakFinding } from './audit.js'
import { type Auditor, createAuditor } from './auditor.js'
import { play } from './client.js'
import { type Deeds, startFaults } from './faults.js'
import type { SoakCourse } from './history.js'
import { browse, startSteadily } from './load.js'
import { megabytes, type Sample, type Schedule, startSampling } from './memory.js'
import { drawPlan, scopes } from './plan.js'

/** How long, on which replica set. */
export interface Extent {
  uri: string
  minutes: number
  seed: number
  /** deferrals that begin in a second */
  rate?: number
  /** URL of a module that makes a store in place of ours */
  store?: string | undefined
  progress?: (line: string) => void
}

/** What was found, and how much was done. */
export interface Outcome {
  findings: SoakFinding[]
  samples: Sample[]
  /** what the processes wrote, each line once */
  lines: string[]
  figures: Deeds &
    Auditor['figures'] & {
      deferrals: number
      requests: number
      broken: number
      unaudited: number
      linesWritten: number
    }
}

const size = 3
// milliseconds. A notification that is owed for ten minutes is lost
const longestQuiet = 900_000

/** A run of two hours warms up for 15 minutes; a shorter one has everything in the same proportion. */
export function scheduleOf(minutes: number): Schedule & { betweenFaults: number } {
  const seconds = minutes * 60
  return {
    warmUp: seconds / 8,
    betweenSamples: Math.min(15, seconds / 60),
    betweenHeaps: Math.min(600, seconds / 12),
    betweenFaults: Math.min(300, seconds / 8),
  }
}

/** Has three provider processes work for a long time while some of them die, and says which promises were broken. */
export async function runSoak(extent: Extent): Promise<Outcome> {
  const database = `soak_${randomBytes(6).toString('hex')}`
  const client = await MongoClient.connect(extent.uri)
  const endpoints = await startEndpoints()
  let fleet: Fleet | undefined
  try {
    await hurryElections(client)
    fleet = await startFleet(size, setupOf({ ...extent, database }, endpoints))
    return await soak(extent, { fleet, endpoints, client })
  } finally {
    await fleet?.close()
    await endpoints.close()
    await client.db(database).dropDatabase()
    await client.close()
  }
}

function setupOf({ uri, store, database }: Extent & { database: string }, endpoints: Endpoints) {
  const keys = [randomBytes(32).toString('base64url')]
  const { notification } = endpoints
  // a record outlives its audit, and not much more
  const ttl = { deferredCode: 600, deferral: 1600, retention: 700 }
  return (number: number) => ({
    uri,
    database,
    issuer: 'http://op.example',
    clients: endpoints.clients(number),
    deferred: { keys, notification, ttl, interval: 2, longPoll: { seconds: 10 } },
    scopes,
    ...(store !== undefined && { modules: { store } }),
  })
}

interface Stage {
  fleet: Fleet
  endpoints: Endpoints
  client: MongoClient
}

async function soak(extent: Extent, { fleet, endpoints, client }: Stage): Promise<Outcome> {
  const { minutes, seed, rate = 1.7, progress = () => undefined } = extent
  const schedule = scheduleOf(minutes)
  const random = randomOf(seed)
  const turns = turnsOf(fleet)
  const load = { deferrals: 0, requests: 0 }
  const anyNode: AnyNode = () => {
    load.requests += 1
    return turns()
  }
  const faultsOf = (sender: number) => fleet.members.find(({ number }) => number === sender)?.faults ?? []
  const findings: SoakFinding[] = []
  const onBroken = (finding: SoakFinding) => {
    findings.push(finding)
    progress(`BROKEN ${Object.values(finding).join(' ')}`)
  }
  const auditor = createAuditor({ anyNode, endpoints, faultsOf, onBroken })
  const sampling = startSampling(fleet, schedule)
  const faults = startFaults(fleet, client, randomOf(seed + 1), schedule.betweenFaults)
  const all = () => ({ ...load, ...auditor.figures, ...faults.deeds, broken: findings.length })
  const report = setInterval(() => progress(lineOf(all(), fleet, sampling.samples)), Math.max(10_000, minutes * 1000))
  const end = performance.now() + minutes * 60_000

  const courses = startSteadily(rate, end, async () => {
    load.deferrals += 1
    const note = (course: SoakCourse) => auditor.follow(course)
    await play(drawPlan(random), { anyNode, endpoints, note }).catch((error) =>
      onBroken({ promise: 'stuck', id: '', detail: String(error) }),
    )
  })
  const auditing = auditAll(auditor, fleet, courses)
  await browse(anyNode, end, randomOf(seed + 2))
  sampling.end()
  await faults.end()
  const unaudited = await auditing
  clearInterval(report)
  const lines = fleet.members.flatMap(({ node }) =>
    node
      .output()
      .replaceAll(/\(node:\d+\)/g, '(node)')
      .split('\n')
      .filter(Boolean),
  )
  const figures = { ...all(), unaudited, linesWritten: lines.length }
  return { findings, samples: sampling.samples, lines: [...new Set(lines)], figures }
}

/** Audits every ten seconds until nothing is left; resolves to how much is left after the longest time. */
async function auditAll(auditor: Auditor, fleet: Fleet, loaded: Promise<unknown>): Promise<number> {
  let limit = Number.POSITIVE_INFINITY
  void loaded.then(() => {
    limit = performance.now() + longestQuiet
  })
  for (;;) {
    await pause(10_000)
    const left = await auditor.round()
    // nobody reads the events
    for (const { node } of fleet.members) node.events.length = 0
    if (performance.now() > limit || (left === 0 && limit < Number.POSITIVE_INFINITY)) return left
  }
}

function lineOf(figures: Record<string, number>, fleet: Fleet, samples: readonly Sample[]): string {
  const counts = Object.entries(figures).map(([name, count]) => `${name} ${count}`)
  const sizes = fleet.up().map(({ number }) => {
    const ours = samples.filter((sample) => sample.number === number)
    const heap = ours.findLast((sample) => sample.heap !== undefined)?.heap
    return `${number}: ${megabytes(ours.at(-1)?.rss ?? 0)}${heap === undefined ? '' : ` (heap ${megabytes(heap)})`}`
  })
  return `${counts.join(', ')}; MB of node ${sizes.join(', ')}`
}
