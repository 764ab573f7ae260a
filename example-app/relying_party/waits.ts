import { setTimeout as sleep } from 'node:timers/promises'
import { type Deferral, type Pending, wait } from 'oidc-provider-deferred/client'
import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import { ended, granted, stillPending } from './answers.js'
import type { Op } from './op.js'

/** The waits of all journeys. Nobody has to keep a page open. */
export interface Waits {
  /** Waits for the final answer and stores it. */
  start(journey: Journey): void
  /** Polls at once, after a notification. Nothing happens for a journey that does not wait any more. */
  wake(handle: string): void
  /** Stops one wait, or all of them. Resolves when no poll is under way. The journey can be started again. */
  stop(handle?: string): Promise<void>
}

interface Running {
  wake(): void
  abort(): void
  end: Promise<void>
}

// seconds until the metadata of the provider are read again
const pause = 2

export function createWaits(op: () => Promise<Op>, journeys: Collection<Journey>): Waits {
  const running = new Map<string, Running>()

  function start(journey: Journey): void {
    const { deferral } = journey
    if (!deferral) return
    const { handle } = deferral
    const controller = new AbortController()
    const subscribe = (wake: () => void) => {
      run.wake = wake
    }
    const run: Running = { wake() {}, abort: () => controller.abort(), end: Promise.resolve() }
    running.set(handle, run)
    run.end = finish(journey, deferral, controller.signal, subscribe)
      // The journey still waits. The next start of the bank goes on with it.
      .catch((error) => console.error(error))
      .finally(() => running.delete(handle))
  }

  /** Changes only a journey that still waits. */
  const store = (journey: Journey, changes: Partial<Journey>) =>
    journeys.update(journey._id, { status: 'checking' }, changes)

  async function finish(
    journey: Journey,
    deferral: Deferral,
    signal: AbortSignal,
    subscribe: (wake: () => void) => void,
  ): Promise<void> {
    let stored: Promise<unknown> = Promise.resolve()
    const onPending = (answer: Pending) => {
      stored = stored.then(() => store(journey, stillPending(answer))).catch((error) => console.error(error))
    }
    const changes = await reachable(op, signal)
      .then(({ configuration }) => wait(configuration, deferral, { signal, subscribe, onPending }))
      .then(
        (tokens) => granted(journey.purpose, tokens),
        (error) => (error === signal.reason ? undefined : ended(error)),
      )
    await stored
    if (changes) await store(journey, changes)
  }

  async function stop(handle?: string): Promise<void> {
    const runs = handle === undefined ? [...running.values()] : [running.get(handle)]
    for (const run of runs) run?.abort()
    await Promise.all(runs.map((run) => run?.end))
  }

  return { start, wake: (handle) => running.get(handle)?.wake(), stop }
}

/** The provider, as soon as its metadata can be read. */
async function reachable(op: () => Promise<Op>, signal: AbortSignal): Promise<Op> {
  for (;;) {
    try {
      return await op()
    } catch {
      await sleep(pause * 1000, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}
