import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import type { Op } from './op.js'
import { poll } from './poll.js'

export interface Poller {
  /** Polls at the provider's pace until there is a final answer. */
  watch(journey: Journey): void
  /** Polls at once, after a notification. */
  hurry(id: string): Promise<void>
  /** Stops polling for one journey, or for all of them. Resolves when no poll is under way. */
  stop(id?: string): Promise<void>
}

/** Polls for every journey that waits. Nobody has to keep a page open. */
export function createPoller(op: () => Promise<Op>, journeys: Collection<Journey>): Poller {
  const timers = new Map<string, NodeJS.Timeout>()
  const polls = new Map<string, Promise<void>>()

  function watch(journey: Journey): void {
    timers.set(
      journey._id,
      setTimeout(() => start(journey), journey.interval * 1000),
    )
  }

  function start(journey: Journey): void {
    const running = pollOnce(journey).finally(() => polls.delete(journey._id))
    polls.set(journey._id, running)
  }

  async function hurry(id: string): Promise<void> {
    // The provider may have answered a poll under way before the decision.
    await polls.get(id)
    const journey = await journeys.get(id)
    // The journey does not wait any more, or another notification was faster.
    if (!timers.has(id) || polls.has(id) || journey?.status !== 'checking') return
    clearTimeout(timers.get(id))
    start(journey)
  }

  async function pollOnce(journey: Journey): Promise<void> {
    const changes = await op().then(
      (provider) => poll(provider, journey),
      () => ({}),
    )
    // Changes only a journey that still waits. Goes on only if `stop` has not removed the timer.
    const changed = await journeys.update(journey._id, { status: 'checking' }, changes)
    const isActive = timers.delete(journey._id)
    if (isActive && changed?.status === 'checking') watch(changed)
  }

  async function stop(id?: string): Promise<void> {
    for (const journeyId of id === undefined ? [...timers.keys()] : [id]) {
      clearTimeout(timers.get(journeyId))
      timers.delete(journeyId)
    }
    await Promise.all(id === undefined ? polls.values() : [polls.get(id)])
  }

  return { watch, hurry, stop }
}
