import type { DeferralStore, OnChange, Watch } from '../deferral/store.js'
import { inBackground } from './background.js'
import { within } from './deadline.js'
import { rareWarning } from './warnings.js'

const firstPause = 0.1
const longestPause = 60
// a fault that lasts shorter heals by itself
const quietPause = 3
const openSeconds = 1
// a watch that lasted longer had no lasting problem
const stableSeconds = 30

/** Where a node hears of the changes that other nodes have written. Only hints: sweeps and polls find everything without them. */
export interface Watching {
  /** Begins to listen, if nobody has begun. */
  begin(): void
  /** whether the store tells of changes now */
  isListening(): boolean
  /** Calls `onChange` for each change, and `onMissed` when changes may have been missed. */
  subscribe(onChange: OnChange, onMissed: () => void): void
  /** Stops listening. */
  close(): Promise<void>
}

interface Subscriber {
  onChange: OnChange
  onMissed: () => void
}

/** The watch of a node: one for everybody in this process. It begins again after a fault, with pauses that double. */
export function createWatching(store: Pick<DeferralStore, 'watch'>): Watching {
  const subscribers: Subscriber[] = []
  const warn = rareWarning('changes by other nodes are noticed late')
  let isBegun = false
  let isOpen = true
  let current: Watch | undefined
  let opening: Promise<unknown> | undefined
  let timer: NodeJS.Timeout | undefined
  let pause = firstPause

  const onChange: OnChange = (id, isDue) => {
    for (const subscriber of subscribers) subscriber.onChange(id, isDue)
  }

  async function open(isAgain: boolean): Promise<void> {
    const startedAt = performance.now()
    try {
      const watch = await store.watch?.(onChange)
      if (!watch) return
      if (!isOpen) return await watch.close()
      current = watch
      // whoever read before this moment has not been told of changes since
      if (isAgain) for (const { onMissed } of subscribers) onMissed()
      void follow(watch, startedAt)
    } catch (error) {
      openLater(error)
    }
  }

  async function follow(watch: Watch, startedAt: number): Promise<void> {
    // without `ended` it listens until it is closed
    if (!watch.ended) return
    const error = await watch.ended.then(
      () => new Error('the watch has ended'),
      (reason: unknown) => reason,
    )
    current = undefined
    await watch.close().catch(() => undefined)
    if (performance.now() > startedAt + stableSeconds * 1000) pause = firstPause
    openLater(error)
  }

  function openLater(error: unknown): void {
    if (!isOpen) return
    if (pause > quietPause) warn(error)
    timer = setTimeout(() => start(true), pause * (0.8 + 0.4 * Math.random()) * 1000).unref()
    pause = Math.min(pause * 2, longestPause)
  }

  function start(isAgain: boolean): void {
    opening = inBackground(() => open(isAgain))
  }

  return {
    begin() {
      if (isBegun || !isOpen) return
      isBegun = true
      start(false)
    },
    isListening: () => current !== undefined,
    subscribe: (onChange, onMissed) => void subscribers.push({ onChange, onMissed }),
    async close() {
      isOpen = false
      clearTimeout(timer)
      // one that takes longer to open closes itself when it is open
      await within(openSeconds, () => opening).catch(() => undefined)
      await current?.close().catch(() => undefined)
    },
  }
}
