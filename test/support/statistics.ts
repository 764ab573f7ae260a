/** A median and where it would lie in 95 of 100 repetitions. */
export interface Interval {
  median: number
  low: number
  high: number
}

export function median(values: number[]): number {
  return quantile(values.toSorted(ascending), 0.5)
}

/** The value below which this share of them lies. */
export function percentile(values: number[], share: number): number {
  return quantile(values.toSorted(ascending), share)
}

/** Bootstrap: the medians of many samples drawn, with replacement, from these values. */
export function medianInterval(values: number[], samples = 5000): Interval {
  const draw = () => values[Math.floor(Math.random() * values.length)] as number
  const medians = Array.from({ length: samples }, () => median(values.map(draw))).sort(ascending)
  return { median: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) }
}

function quantile(sorted: number[], share: number): number {
  const at = (sorted.length - 1) * share
  const [low = 0, high = 0] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (high - low) * (at - Math.floor(at))
}

function ascending(a: number, b: number): number {
  return a - b
}
