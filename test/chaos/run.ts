import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import type { Deferral, DeferralListing } from 'oidc-provider-deferred'
import type { ProviderNode } from '../support/node.js'
import { audit, type Finding, surplusOf } from './audit.js'
import { type Behaviour, type Endpoints, names, startEndpoints } from './endpoints.js'
import { type Fleet, startFleet } from './fleet.js'
import { play } from './flows.js'
import type { Course, Fault, Plan } from './history.js'
import { type Deeds, hurryElections, startNemesis } from './nemesis.js'
import { oneOf, randomOf } from './random.js'

/** How much, on which replica set. */
export interface Extent {
  uri: string
  decisions: number
  /** clients at work at the same time, 48 unless told */
  atOnce?: number
  seed: number
  /** how long to wait, once the faults are over, for nothing to be owed any more */
  quietSeconds: number
  /** URL of a module that sends in place of our worker */
  sender?: string
  progress?: (line: string) => void
}

/** What was found, and how much was tried. */
export interface Verdict {
  findings: Finding[]
  figures: Deeds & {
    decisions: number
    notified: number
    receptions: number
    surplus: number
    seconds: number
    quiet: number
  }
}

const size = 3

/** Has three provider processes suffer while clients ask and reviewers decide, and says which promises were broken. */
export async function runChaos(extent: Extent): Promise<Verdict> {
  const { uri, progress = () => undefined } = extent
  const database = `chaos_${randomBytes(6).toString('hex')}`
  const client = await MongoClient.connect(uri)
  const endpoints = await startEndpoints()
  let fleet: Fleet | undefined
  try {
    await hurryElections(client)
    fleet = await startFleet(size, setupOf({ ...extent, database }, endpoints))
    return await suffer(extent, { fleet, endpoints, client, progress })
  } finally {
    await fleet?.close()
    await endpoints.close()
    await client.db(database).dropDatabase()
    await client.close()
  }
}

interface Stage {
  fleet: Fleet
  endpoints: Endpoints
  client: MongoClient
  progress: (line: string) => void
}

async function suffer(extent: Extent, { fleet, endpoints, client, progress }: Stage): Promise<Verdict> {
  const { decisions, atOnce = 48, seed, quietSeconds } = extent
  const random = randomOf(seed)
  const plans = Array.from({ length: decisions }, () => drawPlan(random))
  const begun = performance.now()
  const nemesis = startNemesis(fleet, client, random)
  const report = setInterval(() => progress(progressOf(courses, endpoints)), 10_000)
  const courses: Course[] = []
  const queue = plans.values()
  const turns = turnsOf(fleet)
  let deeds: Promise<Deeds> | undefined
  const work = async () => {
    for (const plan of queue) await play(plan, turns, (course) => courses.push(course))
    // once everything is begun, or the last ones would wait for those that are stopped
    deeds ??= nemesis.end()
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, decisions) }, work))
  const done = (await deeds) as Deeds
  clearInterval(report)
  progress(`faults are over: ${progressOf(courses, endpoints)}`)
  const calm = performance.now()
  await quiet(turns, quietSeconds)
  const { receptions } = endpoints
  const faultsOf = (sender: number) => fleet.members.find(({ number }) => number === sender)?.faults ?? []
  const findings = audit({ courses, receptions, faultsOf, deferrals: await everything(turns()) })
  const secondsSince = (start: number) => Math.round((performance.now() - start) / 1000)
  return {
    findings,
    figures: {
      ...done,
      decisions: courses.filter(({ acknowledged }) => acknowledged).length,
      notified: new Set(receptions.map(({ id }) => id)).size,
      receptions: receptions.length,
      surplus: surplusOf(receptions),
      seconds: secondsSince(begun),
      quiet: secondsSince(calm),
    },
  }
}

function setupOf({ uri, database, sender }: Extent & { database: string }, endpoints: Endpoints) {
  const keys = [randomBytes(32).toString('base64url')]
  const notification = { ...endpoints.notification, worker: sender === undefined }
  return (number: number) => ({
    uri,
    database,
    issuer: 'http://op.example',
    clients: endpoints.clients(number),
    deferred: { keys, notification, ttl: { deferredCode: 600 } },
    ...(sender !== undefined && { modules: { extension: sender } }),
  })
}

function drawPlan(random: () => number): Plan {
  const profile = random() < 0.5 ? 'openid' : 'oauth'
  const isEarly = profile === 'openid' && random() < 0.3
  const behaviour: Behaviour = random() < 0.3 ? 'ok' : oneOf(names, random)
  // who is cancelled before the exchange has nothing to exchange
  const decisions = isEarly ? (['approve', 'deny'] as const) : (['approve', 'approve', 'deny', 'cancel'] as const)
  return {
    behaviour,
    profile,
    decision: oneOf(decisions, random),
    isEarly,
    isStubborn: random() < 0.5,
    hesitation: random() < 0.3 ? 0 : 1500 * random(),
    ...(random() < 0.5 && { token: Buffer.from(`${random()}`).toString('base64url') }),
  }
}

/** The provider processes in turn, as a load balancer gives them. */
export function turnsOf(fleet: Fleet): () => ProviderNode {
  let turn = 0
  return () => {
    // as a load balancer would; requests under way are caught in it
    const up = fleet.up().filter(({ faults }) => !isAsleep(faults.at(-1)))
    // with none up, the dead one refuses
    return (up[turn++ % up.length] ?? fleet.members.at(-1))!.node
  }
}

function isAsleep(fault: Fault | undefined): boolean {
  return fault !== undefined && fault.to === Number.POSITIVE_INFINITY && performance.now() - fault.from > 500
}

async function quiet(turns: () => ProviderNode, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const { notifications } = await turns().deferrals.notifications.list({ status: 'owed', limit: 1 })
    if (notifications.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function everything({ deferrals }: ProviderNode): Promise<Deferral[]> {
  const all: Deferral[] = []
  let page: DeferralListing | undefined
  do {
    page = await deferrals.list({ limit: 100, ...(page?.cursor && { cursor: page.cursor }) })
    all.push(...page.deferrals)
  } while (page.cursor)
  return all
}

function progressOf(courses: Course[], { receptions }: Endpoints): string {
  return `${courses.filter(({ acknowledged }) => acknowledged).length} decisions, ${receptions.length} notifications`
}
