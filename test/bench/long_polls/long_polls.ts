import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Document } from 'mongodb'
import { newHandle, newId } from '../../../lib/deferral/handle.js'
import { clients, oauthGrantType } from '../../support/clients.js'
import { type ProviderNode, startNode } from '../../support/node.js'
import { relyingParty } from '../../support/relying_party.js'
import { percentile } from '../../support/statistics.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { send, type TokenRequest } from './requests.js'

type Memory = { rss: number; heap: number }
type Seed = { id: string; body: string }

const issuer = 'http://op.example'
const secret = clients.find(({ client_id }) => client_id === 'secret')?.client_secret ?? ''
const authorization = `Basic ${Buffer.from(`secret:${encodeURIComponent(secret)}`).toString('base64')}`
const seconds = 300
// of connections that are opened at once
const burst = 50
const decisions = 500
const plainPolls = 500
const warmUpShare = 0.3
// of a second
const idleMicroseconds = 100_000
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** What held polls cost a node, and how soon they are answered. */
export async function longPolls(place: Place, waiters: number): Promise<void> {
  const warmUp = Math.ceil(waiters * warmUpShare)
  const deferred = { interval: 1, longPoll: { seconds, waiters } }
  const setup = { uri: place.uri, database: place.db.databaseName, issuer, deferred }
  const [holder, decider] = [await startNode(setup), await startNode(setup)]
  try {
    const seeds = await seedsOn(place, holder, waiters + plainPolls)
    const [held, plain] = [seeds.slice(0, waiters), seeds.slice(waiters)]
    const port = Number(new URL(holder.origin).port)
    const polls = () => paced(plain, (seed) => latencyOf({ port, body: seed.body, authorization }))
    await polls()
    const without = await polls()
    // the first ones cost more: code that is compiled, connections to the database
    const some = await hold(port, held.slice(0, warmUp))
    await rested(holder)
    const before = await holder.memory()
    const answers = new Map([...some, ...(await hold(port, held.slice(warmUp)))])
    await rested(holder)
    const after = await holder.memory()
    await rested(holder)
    const while_ = await polls()
    const latencies = await decide(decider, held.slice(0, decisions), answers)
    const added = each(before, after, waiters - warmUp)
    const bare = await bareMemory(waiters, warmUp)
    report({ waiters, each: added, bare, without, while_, latencies })
  } finally {
    await Promise.all([holder.stop(), decider.stop()])
  }
}

/** Deferrals of a client that can poll for them: copies of one that was requested. */
async function seedsOn({ db }: Place, { origin }: ProviderNode, count: number): Promise<Seed[]> {
  const deferrals = db.collection<Document & { _id: string }>('deferrals')
  await relyingParty(origin).token({ grant_type: 'client_credentials', completion_mode: 'deferred' })
  const model = (await deferrals.findOne()) as Document
  const all = Array.from({ length: count }, () => {
    const _id = newId()
    const { handle, hash } = newHandle('deferral_code', _id)
    const body = new URLSearchParams({ grant_type: oauthGrantType, deferral_code: handle }).toString()
    return { document: { ...model, _id, handleHash: hash }, seed: { id: _id, body } }
  })
  await deferrals.insertMany(all.map(({ document }) => document))
  return all.map(({ seed }) => seed)
}

/** Sends the polls, and resolves when all of them are held. */
async function hold(port: number, seeds: Seed[]) {
  const answers = new Map<string, ReturnType<typeof send>>()
  for (let n = 0; n < seeds.length; n += burst) {
    for (const { id, body } of seeds.slice(n, n + burst)) {
      const answer = send({ port, body, authorization, wait: seconds })
      // those that nobody decides about are cut at the end
      answer.catch(() => undefined)
      answers.set(id, answer)
    }
    await pause(100)
  }
  await pause(5000)
  return answers
}

/** Resolves when the process has nothing to do: it has taken all polls. */
async function rested(node: ProviderNode): Promise<void> {
  for (let last = await node.cpu(); ; ) {
    await pause(1000)
    const now = await node.cpu()
    if (now - last < idleMicroseconds) return
    last = now
  }
}

async function latencyOf(request: TokenRequest): Promise<number> {
  const start = process.hrtime.bigint()
  const { at } = await send(request)
  return Number(at - start) / 1e6
}

async function paced(seeds: Seed[], latency: (seed: Seed) => Promise<number>): Promise<number[]> {
  const all: Promise<number>[] = []
  for (const seed of seeds) {
    all.push(latency(seed))
    await pause(20)
  }
  return Promise.all(all)
}

/** Milliseconds from the acknowledgement of each decision to the answer of its poll. */
async function decide(decider: ProviderNode, seeds: Seed[], answers: Map<string, ReturnType<typeof send>>) {
  await paced(seeds, async ({ id }) => Number((await decider.deferrals.approve(id)).changed))
  const approved = decider.events.filter(({ event }) => event === 'approved')
  const acknowledged = new Map(approved.map(({ deferral, at }) => [deferral.id, at]))
  return Promise.all(
    seeds.map(async ({ id }) => {
      const { status, at } = (await answers.get(id)) ?? {}
      if (status !== 200 || at === undefined) throw new Error(`a held poll was answered with ${status}`)
      return Number(at - (acknowledged.get(id) as bigint)) / 1e6
    }),
  )
}

/** What node:http alone needs to hold as many requests. It too is measured after the first ones. */
async function bareMemory(count: number, warmUp: number): Promise<Memory> {
  const child = fork(new URL('./bare_main.js', import.meta.url), { execArgv: [] })
  const next = async <T>() => (await once(child, 'message'))[0] as T
  const port = await next<number>()
  const ask = () => {
    child.send('memory')
    return next<Memory>()
  }
  await ask()
  const seeds = Array.from({ length: count }, (_, n) => ({ id: `${n}`, body: 'grant_type=none' }))
  await hold(port, seeds.slice(0, warmUp))
  const before = await ask()
  await hold(port, seeds.slice(warmUp))
  const after = await ask()
  child.disconnect()
  await once(child, 'exit')
  return each(before, after, count - warmUp)
}

interface Found {
  waiters: number
  each: Memory
  bare: Memory
  without: number[]
  while_: number[]
  latencies: number[]
}

const each = (before: Memory, after: Memory, count: number): Memory => ({
  rss: (after.rss - before.rss) / count,
  heap: (after.heap - before.heap) / count,
})

function report({ waiters, each: ours, bare, without, while_, latencies }: Found): void {
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
  const at = (values: number[], share: number) => `${percentile(values, share).toFixed(1)} ms`
  const quantiles = (values: number[]) => [at(values, 0.5), at(values, 0.99)]
  table(
    `${waiters} held polls`,
    ['process', 'objects', 'goal'],
    [
      ['memory of each', kilobytes(ours.rss), kilobytes(ours.heap), ''],
      ['of a request that node:http holds', kilobytes(bare.rss), kilobytes(bare.heap), ''],
      ['what the provider adds', kilobytes(ours.rss - bare.rss), kilobytes(ours.heap - bare.heap), '10 kB'],
    ],
  )
  const ratio = percentile(while_, 0.99) / percentile(without, 0.99)
  table(
    '',
    ['p50', 'p99', 'goal'],
    [
      ['decision on another node to answer', ...quantiles(latencies), '100 ms'],
      ['plain polls, none held', ...quantiles(without), ''],
      ['plain polls, all held', ...quantiles(while_), ''],
      ['ratio', '', ratio.toFixed(2), '1.20 or less'],
    ],
  )
}
