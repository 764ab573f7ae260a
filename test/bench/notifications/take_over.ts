import type { ProviderNode } from '../../support/node.js'
import type { Deployment } from './deployment.js'
import type { Arrival } from './receiver.js'

const atOnce = 4

/** Seconds from the death of a worker with an attempt under way to the next attempt, by a worker that lives. */
export async function takeOvers(deployment: Deployment, kills: number): Promise<number[]> {
  const survivor = await deployment.start('survivor')
  const victims: ProviderNode[] = []
  for (let first = 0; first < kills; first += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, kills - first) }, (_, index) => `victim${first + index}`)
    victims.push(...(await Promise.all(some.map((name) => deployment.start(name)))))
  }
  const planted = await deployment.plant('once', kills, 'waiting')
  const arrivals: Arrival[] = []
  const deaths = new Map<string, bigint>()
  for (const [index, victim] of victims.entries()) {
    const id = planted[index]?.id as string
    await victim.deferrals.approve(id)
    // its receiver hangs
    arrivals.push(...(await deployment.receiver.arrived(1)))
    victim.kill('SIGKILL')
    deaths.set(id, process.hrtime.bigint())
  }
  await Promise.all(victims.map(({ ended }) => ended))
  while (arrivals.length < 2 * kills) arrivals.push(...(await deployment.receiver.arrived(1)))
  await survivor.stop()
  return planted.flatMap(({ id }) =>
    secondsBetween(
      deaths.get(id) as bigint,
      arrivals.filter((one) => one.id === id),
    ),
  )
}

// of those alone that the victim had, not of what another sweep took before
function secondsBetween(death: bigint, [first, second]: Arrival[]): number[] {
  if (!first?.sender.startsWith('victim') || first.at > death || !second) return []
  return [Number(second.at - death) / 1e9]
}
