import { Pool } from 'undici'
import { clients } from '../../support/clients.js'
import type { PostRequest } from '../load.js'
import { type Deployment, deploymentOn, pause } from '../notifications/deployment.js'
import { answering, type Receiver, startReceiver } from '../notifications/receiver.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { ask, type Delay } from './probe.js'
import { extension, pendingPolls } from './waiting.js'

const waiting = 20_000
const warmUp = 1_000
const pings = 10_000
const connections = 16
// milliseconds from one poll to the next
const gap = 2
const secret = clients.find(({ client_id }) => client_id === 'secret')?.client_secret ?? ''
const headers = {
  authorization: `Basic ${Buffer.from(`secret:${encodeURIComponent(secret)}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
}

/** How late the event loop of a process is while it sends ten thousand notifications and answers polls. */
export async function delay(place: Place): Promise<void> {
  const receiver = await startReceiver()
  const deployment = await deploymentOn(place, receiver)
  const node = await deployment.start('worker', { extension, isSilent: true })
  const poll = pollsOf(node.origin, await pendingPolls(place.db, node.origin, waiting))
  const during = async (work: Promise<unknown>, isPolling = true) => {
    await ask(node.origin)
    const polled = isPolling ? await poll(work) : await work
    return { ...(await ask(node.origin)).delay, polled }
  }
  try {
    await poll((await owed(deployment, receiver, warmUp))())
    await poll(pause(5000))
    const idle = await during(pause(5000), false)
    const polled = await during(pause(10_000))
    const notify = await owed(deployment, receiver, pings)
    const both = await during(notify())
    report({
      'nothing to do': idle,
      [`${polled.polled} polls`]: polled,
      [`P11 ${pings} notifications and ${both.polled} polls`]: both,
    })
  } finally {
    await node.stop()
    await receiver.stop()
  }
}

/** Stores so many notifications. Resolves to what makes them due, and resolves when all have arrived. */
async function owed({ plant, release }: Deployment, receiver: Receiver, count: number) {
  for (const clientId of answering) await plant(clientId, count / answering.length, 'owed')
  return async () => {
    await release()
    await receiver.arrived(count, 300)
  }
}

/** Polls one after the other while `work` lasts, and resolves to their number. */
function pollsOf(origin: string, polls: PostRequest[]) {
  const pool = new Pool(origin, { connections })
  let next = 0
  return async (work: Promise<unknown>) => {
    const first = next
    let isOver = false
    const over = work.finally(() => {
      isOver = true
    })
    const answers: Promise<void>[] = []
    while (!isOver) {
      answers.push(pollOnce(pool, polls[next++ % polls.length] as PostRequest))
      await pause(gap)
    }
    await Promise.all([over, ...answers])
    return next - first
  }
}

async function pollOnce(pool: Pool, { path, body }: PostRequest): Promise<void> {
  const answer = await pool.request({ method: 'POST', path, headers, body })
  const text = await answer.body.text()
  if (!text.includes('authorization_pending')) throw new Error(text)
}

function report(delays: Record<string, Delay>): void {
  const milliseconds = (value: number) => `${value.toFixed(1)} ms`
  const rows = Object.entries(delays).map(([name, { p50, p99, max }]) => [name, ...[p50, p99, max].map(milliseconds)])
  rows.at(-1)?.push('p99 less than 20 ms')
  table('event loop late by', ['p50', 'p99', 'max', 'goal'], rows)
}
