import { send } from '../load.js'
import { deploymentOn, pause } from '../notifications/deployment.js'
import { answering, startReceiver } from '../notifications/receiver.js'
import { table } from '../report.js'
import type { Place } from '../servers.js'
import { ask, type Delay } from './probe.js'
import { extension, inTurn, pendingPolls } from './waiting.js'

const waiting = 20_000
const pings = 10_000
// of polls that are sent at once
const burst = 16
// milliseconds between two bursts: 400 polls a second
const gap = 40

/** How late the event loop of a process is while it sends ten thousand notifications and answers polls. */
export async function delay(place: Place): Promise<void> {
  const receiver = await startReceiver()
  const deployment = await deploymentOn(place, receiver)
  const node = await deployment.start('worker', true, extension)
  try {
    const port = Number(new URL(node.origin).port)
    const polls = await pendingPolls(place.db, node.origin, waiting)
    const during = async (work: () => Promise<unknown>) => {
      await ask(node.origin)
      await work()
      return (await ask(node.origin)).delay
    }
    const notify = async (count: number) => {
      const share = count / answering.length
      for (const clientId of answering) await deployment.plant(clientId, share, 'owed')
      return async () => {
        await deployment.release()
        await receiver.arrived(count)
      }
    }
    const poll = async (until: Promise<unknown>) => {
      let isOver = false
      until.finally(() => {
        isOver = true
      })
      let sent = 0
      for (; !isOver; sent += burst) {
        await Promise.all([send(port, [...inTurn(polls, burst, sent)], 'authorization_pending'), pause(gap)])
      }
      return sent
    }
    await (await notify(1000))()
    await poll(pause(5000))

    const idle = await during(() => pause(5000))
    const polled = await during(() => poll(pause(10_000)))
    const sending = await notify(pings)
    let beside = 0
    const both = await during(async () => {
      beside = await poll(sending())
    })
    report({ idle, polled, [`P11 ${pings} notifications beside ${beside} polls`]: both })
  } finally {
    await node.stop()
    await receiver.stop()
  }
}

function report(delays: Record<string, Delay>): void {
  const milliseconds = (value: number) => `${value.toFixed(1)} ms`
  const rows = Object.entries(delays).map(([name, { p50, p99, max }]) => [name, ...[p50, p99, max].map(milliseconds)])
  for (const row of rows) if (row[0]?.startsWith('P11')) row.push('p99 less than 20 ms')
  table('event loop late by', ['p50', 'p99', 'max', 'goal'], rows)
}
