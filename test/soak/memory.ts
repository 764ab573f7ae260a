import type { Fleet, Member } from '../chaos/fleet.js'
import { median } from '../support/statistics.js'

/** The memory of one process at one time. */
export interface Sample {
  /** of the process */
  number: number
  /** seconds since the begin of the run */
  at: number
  rss: number
  /** of its objects, after a garbage collection; only now and then, because that makes the process smaller */
  heap?: number
}

/** Bytes, after the warm-up. */
export interface Growth {
  first: number
  last: number
  growth: number
}

/** Seconds. */
export interface Schedule {
  warmUp: number
  betweenSamples: number
  betweenHeaps: number
}

/** Samples every process until its `end`. */
export function startSampling(fleet: Fleet, { betweenSamples, betweenHeaps }: Schedule) {
  const samples: Sample[] = []
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1000

  async function take({ number, node }: Member): Promise<void> {
    samples.push({ number, at: seconds(), rss: await node.rss() })
  }

  async function takeHeap({ number, node }: Member): Promise<void> {
    const rss = await node.rss()
    const { heap } = await node.memory()
    samples.push({ number, at: seconds(), rss, heap })
  }

  const every = (period: number, task: (member: Member) => Promise<void>) =>
    setInterval(() => {
      // one that is killed meanwhile does not tell
      for (const member of fleet.up()) void task(member).catch(() => undefined)
    }, period * 1000)
  const timers = [every(betweenSamples, take), every(betweenHeaps, takeHeap)]
  return {
    samples,
    end() {
      for (const timer of timers) clearInterval(timer)
    },
  }
}

/**
 * From the first to the last tenth of the time after the warm-up, the median of each: a peak of one moment counts for nothing.
 */
export function growthOf(samples: readonly Sample[], warmUp: number, of: 'rss' | 'heap'): Growth {
  const taken = samples.flatMap((sample) => {
    const value = sample[of]
    return sample.at < warmUp || value === undefined ? [] : [value]
  })
  const tenth = Math.max(1, Math.round(taken.length / 10))
  const first = median(taken.slice(0, tenth))
  const last = median(taken.slice(-tenth))
  return { first, last, growth: last - first }
}

/** Rounded to a tenth. */
export function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10
}
