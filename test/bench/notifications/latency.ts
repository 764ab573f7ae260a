import type { ProviderNode } from '../../support/node.js'
import { type Deployment, pause } from './deployment.js'

/** How decisions are spread, and which client they concern. */
interface Pace {
  clientId?: string
  count: number
  /** milliseconds between two */
  gap: () => number
}

/** Milliseconds from each decision's acknowledgement to the arrival of its notification. */
export async function latencies(
  { plant, receiver }: Deployment,
  decider: ProviderNode,
  { clientId = 'one', count, gap }: Pace,
): Promise<number[]> {
  const planted = await plant(clientId, count, 'waiting')
  const decisions = []
  for (const { id } of planted) {
    decisions.push(decider.deferrals.approve(id))
    await pause(gap())
  }
  await Promise.all(decisions)
  const acknowledged = new Map(
    decider.events.filter(({ event }) => event === 'approved').map(({ deferral, at }) => [deferral.id, at]),
  )
  const ids = new Set(planted.map(({ id }) => id))
  const arrivals = (await receiver.arrived(count)).filter(({ id }) => ids.has(id))
  if (arrivals.length < count) throw new Error(`${arrivals.length} of ${count} notifications`)
  return arrivals.map(({ id, at }) => Number(at - (acknowledged.get(id) as bigint)) / 1e6)
}
