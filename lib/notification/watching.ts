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

/** Changes that other nodes have written. They are only hints: sweeps and polls find everything without them. */
export interface Watching {
  /** Begins to listen. A second call does nothing. */
  begin(): void
  /** whether changes are reported now */
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

/** The watch of a node, shared by all its subscribers. After a fault it is opened again, with pauses that double. */
export function createWatching(store: Pick<DeferralStore, 'watch'>): Watching {
  return new NodeWatch(store)
}

class NodeWatch implements Watching {
  readonly #store: Pick<DeferralStore, 'watch'>
  readonly #subscribers: Subscriber[] = []
  readonly #warn = rareWarning('changes by other nodes are noticed late')
  #isBegun = false
  #isOpen = true
  #current: Watch | undefined
  #opening: Promise<unknown> | undefined
  #timer: NodeJS.Timeout | undefined
  #pause = firstPause

  readonly isListening = (): boolean => this.#current !== undefined

  constructor(store: Pick<DeferralStore, 'watch'>) {
    this.#store = store
  }

  begin(): void {
    if (this.#isBegun || !this.#isOpen) return
    this.#isBegun = true
    this.#start(false)
  }

  subscribe(onChange: OnChange, onMissed: () => void): void {
    this.#subscribers.push({ onChange, onMissed })
  }

  async close(): Promise<void> {
    this.#isOpen = false
    clearTimeout(this.#timer)
    // a watch that is still being opened closes itself once it is open
    await within(openSeconds, () => this.#opening).catch(() => undefined)
    await this.#current?.close().catch(() => undefined)
  }

  #start(isAgain: boolean): void {
    this.#opening = inBackground(() => this.#open(isAgain))
  }

  async #open(isAgain: boolean): Promise<void> {
    const startedAt = performance.now()
    try {
      const watch = await this.#store.watch?.((id, isDue) => {
        for (const subscriber of this.#subscribers) subscriber.onChange(id, isDue)
      })
      if (!watch) return
      if (!this.#isOpen) return await watch.close()
      this.#current = watch
      // a change between the old watch and this one was not reported
      if (isAgain) for (const { onMissed } of this.#subscribers) onMissed()
      void this.#follow(watch, startedAt)
    } catch (error) {
      this.#openLater(error)
    }
  }

  async #follow(watch: Watch, startedAt: number): Promise<void> {
    // without `ended` it listens until it is closed
    if (!watch.ended) return
    const error = await watch.ended.then(
      () => new Error('the watch has ended'),
      (reason: unknown) => reason,
    )
    this.#current = undefined
    await watch.close().catch(() => undefined)
    if (performance.now() > startedAt + stableSeconds * 1000) this.#pause = firstPause
    this.#openLater(error)
  }

  #openLater(error: unknown): void {
    if (!this.#isOpen) return
    if (this.#pause > quietPause) this.#warn(error)
    this.#timer = setTimeout(() => this.#start(true), this.#pause * (0.8 + 0.4 * Math.random()) * 1000).unref()
    this.#pause = Math.min(this.#pause * 2, longestPause)
  }
}
