import { type Deployment, pause } from './deployment.js'
import { latencies } from './latency.js'

/** Milliseconds to the arrival at a client that answers. */
export interface Poisoned {
  without: number[]
  /** while another client has many notifications due and never answers one */
  with: number[]
}

const attemptMilliseconds = 6000
const atHanging = 1000

/** Rounds of without, with, with, without. */
export async function poison(deployment: Deployment, rounds: number, count: number): Promise<Poisoned> {
  const node = await deployment.start('worker')
  const pace = { count, gap: () => 20 }
  const found: Poisoned = { without: [], with: [] }
  await latencies(deployment, node, pace)
  for (let round = 0; round < rounds; round++) {
    found.without.push(...(await latencies(deployment, node, pace)))
    await deployment.plant('hang', atHanging, 'owed')
    await deployment.release()
    await pause(2000)
    found.with.push(...(await latencies(deployment, node, pace)))
    found.with.push(...(await latencies(deployment, node, pace)))
    await deployment.place.db.collection('deferrals').deleteMany({ clientId: 'hang' })
    await pause(attemptMilliseconds)
    found.without.push(...(await latencies(deployment, node, pace)))
  }
  await node.stop()
  return found
}
