import { type AnyNode, pause } from '../chaos/flows.js'
import { oneOf } from '../chaos/random.js'

/** Starts so many pieces of work in a second, until the end; resolves when all of them are done. */
export async function startSteadily(rate: number, end: number, work: () => Promise<void>): Promise<void> {
  const open = new Set<Promise<void>>()
  let next = performance.now()
  while (next < end) {
    const piece = work().finally(() => open.delete(piece))
    open.add(piece)
    next += 1000 / rate
    await pause(Math.max(0, next - performance.now()))
  }
  await Promise.all(open)
}

const looks: ((node: ReturnType<AnyNode>['deferrals']) => Promise<unknown>)[] = [
  (deferrals) => deferrals.list({ limit: 50 }),
  (deferrals) => deferrals.list({ status: ['pending'], order: 'oldest', history: true }),
  (deferrals) => deferrals.count(),
  (deferrals) => deferrals.stats(),
  (deferrals) => deferrals.notifications.list(),
]

/** What consoles and monitors ask of every deployment: one request a second, until the end. */
export async function browse(anyNode: AnyNode, end: number, random: () => number): Promise<void> {
  await startSteadily(1, end, async () => {
    // one that is killed meanwhile does not answer
    await oneOf(looks, random)(anyNode().deferrals).catch(() => undefined)
  })
}
