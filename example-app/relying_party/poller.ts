import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import type { Op } from './op.js'
import { poll } from './poll.js'

export interface Poller {
  /** Starts asking for the answer, at the provider's pace, until there is one. */
  watch(journey: Journey): void
  /** Asks at once: the provider says that there is an answer. */
  hurry(id: string): Promise<void>
  /** Stops asking for one journey, or for all, and waits until no question is under way. */
  stop(id?: string): Promise<void>
}

/** Polls on behalf of every waiting customer, whether or not their page is open. */
export function createPoller(op: () => Promise<Op>, journeys: Collection<Journey>): Poller {
  const timers = new Map<string, NodeJS.Timeout>()
  const asking = new Map<string, Promise<void>>()

  function watch(journey: Journey): void {
    timers.set(
      journey._id,
      setTimeout(() => ask(journey), journey.interval * 1000),
    )
  }

  function ask(journey: Journey): void {
    const question = answer(journey).finally(() => asking.delete(journey._id))
    asking.set(journey._id, question)
  }

  async function hurry(id: string): Promise<void> {
    // A question under way may have been answered before there was anything to say.
    await asking.get(id)
    const journey = await journeys.get(id)
    // Nobody waits any more, or another notification was faster.
    if (!timers.has(id) || asking.has(id) || journey?.status !== 'checking') return
    clearTimeout(timers.get(id))
    ask(journey)
  }

  async function answer(journey: Journey): Promise<void> {
    const changes = await op().then(
      (found) => poll(found, journey),
      () => ({}),
    )
    // Only a journey that still waits is changed, and only one whose timer was not stopped meanwhile goes on.
    const changed = await journeys.update(journey._id, { status: 'checking' }, changes)
    const wanted = timers.delete(journey._id)
    if (wanted && changed?.status === 'checking') watch(changed)
  }

  async function stop(id?: string): Promise<void> {
    for (const known of id === undefined ? [...timers.keys()] : [id]) {
      clearTimeout(timers.get(known))
      timers.delete(known)
    }
    await Promise.all(id === undefined ? asking.values() : [asking.get(id)])
  }

  return { watch, hurry, stop }
}
