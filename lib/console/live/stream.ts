import { PassThrough } from 'node:stream'
import type { Deferral } from '../../index.js'
import { isReadable, type Visit } from '../desk.js'
import { operatorOf } from '../operator.js'
import type { Operator } from '../options.js'
import type { Listener } from './feed.js'

const heartbeat = 15_000
/** heartbeats between two questions whether the operator is still there */
const beatsPerCheck = 2
/** bytes that a page may leave unread */
const mostUnread = 64 * 1024

/** Whether the same operator is still there. What their session needs is in the cookies of the first request. */
async function stillThere({ ctx, desk }: Visit, { id }: Operator): Promise<Operator | undefined> {
  const operator = await operatorOf(ctx, desk).catch(() => undefined)
  return operator?.id === id ? operator : undefined
}

function ending(stream: PassThrough, onEnd: () => void): () => void {
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    onEnd()
    stream.end()
  }
  return end
}

/** Sends changes until the page, the session or the provider ends; `undefined` if nobody can listen any more. */
export function openStream(visit: Visit): PassThrough | undefined {
  const { desk } = visit
  const stream = new PassThrough()
  let { operator } = visit
  let beats = 0
  let isAsking = false

  const end = ending(stream, () => {
    clearInterval(timer)
    desk.feed.remove(listener)
  })
  const listener: Listener = {
    operatorId: operator.id,
    changed: (event, deferral) => void tell(event, deferral).catch(end),
    end,
  }
  const timer = setInterval(() => void beat().catch(end), heartbeat)
  timer.unref()

  function send(text: string): void {
    if (stream.writableLength > mostUnread) end()
    if (!stream.writableEnded) stream.write(`${text}\n\n`)
  }

  async function tell(event: string, deferral: Deferral): Promise<void> {
    if (await isReadable({ ...visit, operator }, deferral)) send(`data: ${JSON.stringify({ id: deferral.id, event })}`)
  }

  async function beat(): Promise<void> {
    beats += 1
    if (beats % beatsPerCheck !== 0) return send(':')
    // an answer that does not come is no answer
    if (isAsking) return end()
    isAsking = true
    const present = await stillThere(visit, operator)
    isAsking = false
    if (!present) return end()
    operator = present
    send(':')
  }

  stream.on('close', end)
  if (!desk.feed.add(listener)) {
    end()
    return undefined
  }
  send('retry: 5000')
  return stream
}
