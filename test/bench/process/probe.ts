/*
 * An extension of a provider process of the bench. `GET /probe` says which process it is, and how late its event loop was since
 * the last time. With BENCH_CORE the process has only this core.
 */
import { execFileSync } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Provider } from 'oidc-provider-deferred'

/** Milliseconds. */
export interface Delay {
  p50: number
  p99: number
  max: number
}

export interface Probe {
  pid: number
  delay: Delay
}

// how often the event loop is looked at: that much is in each value
const resolution = 1

export default function probe(provider: Provider): void {
  const core = process.env.BENCH_CORE
  if (core) execFileSync('taskset', ['-apc', core, String(process.pid)])
  const histogram = monitorEventLoopDelay({ resolution })
  histogram.enable()
  const milliseconds = (nanoseconds: number) => nanoseconds / 1e6 - resolution
  provider.use(async (ctx, next) => {
    if (ctx.path !== '/probe') return next()
    const [p50, p99] = [50, 99].map((share) => milliseconds(histogram.percentile(share))) as [number, number]
    ctx.body = { pid: process.pid, delay: { p50, p99, max: milliseconds(histogram.max) } } satisfies Probe
    histogram.reset()
  })
}

/** Asks a provider process that has this extension. */
export async function ask(origin: string): Promise<Probe> {
  return (await (await fetch(`${origin}/probe`)).json()) as Probe
}
